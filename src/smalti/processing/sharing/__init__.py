"""A project handed on, and what others hand over: ZIPs, tables that come alone, folders left unsaid."""
