"""The views of the page: each a `Linked` over the plots or widgets."""
