"""What a replay takes of memory, and how stacked frames are held once. May import the
storage, the layout, transitions and lab."""
