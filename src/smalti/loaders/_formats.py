"""Image formats by extension, and what to install for those that need another reader."""

__all__ = ["INSTALL", "KNOWN"]

_BY_FIELD = {
    "astronomy, electron microscopy, medicine, arrays": (
        "fits fit fts fits.gz fz mrc mrcs map rec st ali mrc.gz map.gz map.bz2 dm3 dm4 ser emd hdr "
        "nrrd nhdr nii nii.gz mha mhd dcm npy npz"
    ),
    "light microscopy, by maker": (
        "czi lif lof nd2 oib oif oir vsi ims dv r3d lsm stk nd flex mvd2 sld sldy zvi ets c01 ics ids "
        "spe sif ndpi svs scn qptiff bif mrxs vms tf8 xlif"
    ),
    "video": "avi mp4 mov mkv mpg mpeg m4v wmv webm",
    "pictures": "jxl jxr avif heic heif psd exr dng cr2 nef arw",
}

KNOWN = frozenset(extension for words in _BY_FIELD.values() for extension in words.split())
"""Formats that a source lists although only some are read yet: a row that says why beats silence.

Pixels beside a header (``img`` of ``hdr``, ``raw`` of ``mhd`` and ``nhdr``) are read through it: they have no
row of their own."""

INSTALL = {
    "czi": "bioio-czi",
    "lif": "bioio-lif",
    "dv": "bioio-dv",
    "r3d": "bioio-dv",
    "sldy": "bioio-sldy",
    "sld": "bioio-sldy",
    **dict.fromkeys(
        ("oib", "oif", "oir", "vsi", "ims", "flex", "zvi", "ics", "ids", "mvd2"), "bioio-bioformats"
    ),
}
"""Package that reads a format, by extension; bioio finds it once it is installed."""
