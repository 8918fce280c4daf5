"""Generator of photo-like scenes of pages, with labels, for training the page model."""
