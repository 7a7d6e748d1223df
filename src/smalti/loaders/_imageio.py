"""Keep imageio, which a reader of bioio stands on, from handing broken files on to lenient libraries."""

__all__ = ["on_its_own"]

GUESTS = ("ITK", "pyav", "opencv")


def on_its_own() -> None:
    """Let imageio find no SimpleITK, PyAV and OpenCV, though they are installed.

    A broken picture would be tried with each of them, and what an image is must not depend on the extras
    that are there. ITK hangs on loops of TIFF directories and crashes on some broken files, FFmpeg makes up
    what is missing. What they alone read has loaders of its own.

    For this process, and imageio only: it looks plugins up in a list and passes over those that cannot be
    imported.
    """
    from imageio.config import known_plugins
    from imageio.config.plugins import PluginConfig

    for name in GUESTS:
        known_plugins[name] = PluginConfig(name, class_name="", module_name="smalti.loaders.not_a_guest")
