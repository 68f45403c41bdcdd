"""What the helper runs models with."""
