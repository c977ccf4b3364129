"""What makes the models fast, behind their plain code; a reader can leave it closed."""
