"""What a training is made of: examples, patches, augmentation, optimisers, averages."""
