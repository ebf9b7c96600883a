"""Files opened safely: what they begin with, how large they are, whether they are whole."""
