"""libcnn: small convolutional networks, trained and run on the CPU.

    import cnn
    net = cnn.Net([cnn.Conv2D(6, 5), cnn.ReLU(), cnn.MaxPool2D(2),
                   cnn.Dense(10), cnn.Softmax()])
    net.fit(cnn.Dataset.load("train-images", "train-labels"), epochs=2)
    net.save("digits.safetensors")

An error of libcnn is raised as a `cnn.Error` with the text of libcnn; it is
also a ValueError, RuntimeError, MemoryError or OSError. Arrays are float32,
N x C x H x W. During a call other threads run; one object is used by one thread
at a time, and other threads wait. docs/python.md is the guide.
"""

from ._checks import as_float32, as_labels
from ._library import lib_path
from ._status import Error, Status
from ._version import VERSION as __version__
from .dataset import Dataset
from .evaluation import Evaluation, Metrics
from .layers import (
    ELU,
    GELU,
    RBF,
    AvgPool2D,
    BatchNorm,
    Clamp,
    Conv2D,
    Dense,
    Dropout,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    HardSwish,
    Layer,
    LeakyReLU,
    LeCunTanh,
    MaxPool2D,
    ReLU,
    Reshape,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Subsample2D,
    Tanh,
    Upsample2D,
)
from .metadata import Metadata
from .net import Net
from .optim import SGD, Adam, AdamW, Optimizer, RMSprop
from .runtime import (
    build_info,
    library_version,
    num_threads,
    set_num_threads,
)
from .schedules import (
    Augmentation,
    Cosine,
    Exponential,
    Plateau,
    Schedule,
    StepDecay,
)
from .scores import ClassScores, Scores
from .session import Session
from .trainer import Epoch, History, Progress, Trainer

load = Net.load

__all__ = [
    "Adam", "AdamW", "Augmentation", "AvgPool2D", "BatchNorm", "Clamp",
    "ClassScores", "Conv2D", "Cosine", "Dataset", "Dense", "Dropout", "ELU",
    "Epoch", "Error", "Evaluation", "Exponential", "GELU", "GlobalAvgPool2D",
    "GlobalMaxPool2D", "HardSwish", "History", "Layer",
    "LeCunTanh", "LeakyReLU", "MaxPool2D", "Metadata", "Metrics", "Net",
    "Optimizer", "Plateau", "Progress", "RBF", "RMSprop", "ReLU", "Reshape", "SGD",
    "Schedule", "Scores", "Session", "SiLU", "Sigmoid", "Softmax", "Softplus",
    "Status", "StepDecay", "Subsample2D", "Tanh", "Trainer", "Upsample2D", "__version__", "as_float32", "as_labels", "build_info",
    "lib_path", "library_version", "load", "num_threads", "set_num_threads",
]
