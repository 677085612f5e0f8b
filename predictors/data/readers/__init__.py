"""Files as examples: tables, and folders of sounds or texts with a sub-folder a class."""
