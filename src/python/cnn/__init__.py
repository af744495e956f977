"""libcnn: small convolutional networks, trained and run on the CPU.

    import cnn
    net = cnn.Net([cnn.Conv2D(6, 5), cnn.ReLU(), cnn.MaxPool2D(2),
                   cnn.Dense(10), cnn.Softmax()])
    net.fit(cnn.Dataset.load("train-images", "train-labels"), epochs=2)
    net.save("digits.safetensors")

Net                     fit, predict, evaluate, save; layers by net[i]
Dataset                 images with labels or targets, from arrays or files
Conv2D, Dense, ...      layers; CustomLayer for one's own
Input, add, concat      nets with branches: Net(x, y)
Adam, SGD, ...          optimisers; Cosine, ... schedules; Augmentation
Trainer                 step by step, with checkpoints
Ranks                   processes that train together, over MPI
Session                 many threads predict from one net
load                    a net from a file; cnn.sklearn for scikit-learn
Error                   what libcnn refuses: also a ValueError, RuntimeError,
                        MemoryError or OSError

Arrays are float32, N x C x H x W. Calls let other threads run; one object is
used by one thread at a time, others wait. help(cnn.Net.fit) and its like say
more; docs/python.md is the guide.
"""

from typing import TYPE_CHECKING, Any

from ._checks import as_float32, as_labels
from ._hints import elsewhere
from ._judging import GradCheck
from ._library import lib_path
from ._status import (
    Error,
    FileError,
    InvalidError,
    OutOfMemoryError,
    StateError,
    Status,
    UnsupportedError,
)
from ._version import VERSION as __version__
from ._weights import Misfit
from .custom import CustomLayer
from .dataset import Dataset
from .evaluation import Evaluation, Metrics
from .graph import Input, Node, add, concat
from .history import Epoch, History
from .joins import Add, Concat
from .layers import (
    ELU,
    GELU,
    RBF,
    AvgPool2D,
    BatchNorm,
    Clamp,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    HardSwish,
    Layer,
    LayerNorm,
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
from .ranks import Ranks
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
from .stopping import Best, BestCheckpoint, EarlyStopping
from .trainer import Progress, Trainer

load = Net.load

if not TYPE_CHECKING:
    def __getattr__(name: str) -> Any:
        raise AttributeError(elsewhere(name))

__all__ = [
    "Adam", "AdamW", "Add", "Augmentation", "AvgPool2D", "BatchNorm", "Best",
    "BestCheckpoint", "Clamp", "ClassScores", "Concat", "Conv2D",
    "Conv2DTranspose", "Cosine", "CustomLayer", "Dataset", "Dense", "Dropout",
    "ELU", "EarlyStopping", "Epoch", "Error", "Evaluation", "Exponential",
    "FileError", "GELU", "GlobalAvgPool2D", "GlobalMaxPool2D", "GradCheck",
    "HardSwish", "History", "Input", "InvalidError", "Layer", "LayerNorm",
    "LeCunTanh", "LeakyReLU", "MaxPool2D", "Metadata", "Metrics", "Misfit",
    "Net", "Node", "Optimizer", "OutOfMemoryError", "Plateau", "Progress",
    "RBF", "RMSprop", "Ranks", "ReLU", "Reshape", "SGD", "Schedule", "Scores",
    "Session", "SiLU", "Sigmoid", "Softmax", "Softplus", "StateError",
    "Status", "StepDecay", "Subsample2D", "Tanh", "Trainer",
    "UnsupportedError", "Upsample2D", "__version__", "add", "as_float32",
    "as_labels", "build_info", "concat", "lib_path", "library_version", "load",
    "num_threads", "set_num_threads",
]
