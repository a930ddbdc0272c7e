"""Numbers typed in prose that the code gave, or did not give."""
