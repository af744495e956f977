"""Programs to read: python3 -m cnn.examples.lenet5"""
