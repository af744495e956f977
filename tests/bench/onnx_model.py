"""A model of libcnn as an .onnx file: the few messages of ONNX that it takes,
in protobuf's encoding, so that no package is needed to write it.

Field numbers are those of onnx.proto; a message is a run of fields, each a key
(number * 8 + type) and its value: type 0 is a varint, 2 a length and bytes."""
import alternate

IR_VERSION, OPSET = 8, 13
FLOAT, INT, INTS = 1, 2, 7  # TensorProto.FLOAT, AttributeProto.INT and .INTS


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def field(number, value):
    """A number, a text, or a message or other bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields):
    """Of (number, value) pairs."""
    return b"".join(field(number, value) for number, value in fields)


def attribute(name, value):
    if isinstance(value, int):
        return message((1, name), (3, value), (20, INT))
    return message((1, name), *((8, n) for n in value), (20, INTS))


def node(op, inputs, output, **attributes):
    return message(*((1, name) for name in inputs), (2, output), (4, op),
                   *((5, attribute(k, v)) for k, v in attributes.items()))


def tensor(name, array):
    return message(*((1, n) for n in array.shape), (2, FLOAT), (8, name),
                   (9, array.tobytes()))


def value_info(name, dims):
    shape = message(*((1, message((1, n))) for n in dims))
    return message((1, name), (2, message((1, message((1, FLOAT), (2, shape))))))


def nodes_of(layers):
    """(op, attributes, tensors) of each node."""
    flat = False
    for layer in layers:
        kind = layer["kind"]
        if kind == "conv2d":
            kernel = layer["kernel_h"]
            if layer["padding"] != 1 or kernel % 2 == 0 or "table" in layer:
                raise ValueError("a convolution that is not for this script")
            yield "Conv", {"kernel_shape": [kernel, kernel],
                           "pads": [kernel // 2] * 4}, layer
        elif kind == "maxpool2d":
            side = layer["window_h"]
            yield "MaxPool", {"kernel_shape": [side, side],
                              "strides": [side, side]}, {}
        elif kind == "activation":
            name = alternate.ACTIVATIONS[layer["function"]]
            yield name.capitalize(), {}, {}
        elif kind == "dense":
            if not flat:
                yield "Flatten", {"axis": 1}, {}
            flat = True
            yield "Gemm", {"transB": 1}, layer
        elif kind == "softmax":
            yield "Softmax", {"axis": 1}, {}
        else:
            raise ValueError(f"a {kind} layer is not for this script")


def onnx_model(layers, batch):
    """The bytes of the file, for batches of that size; `x` becomes `y`."""
    nodes, weights, at = [], [], "x"
    for i, (op, attributes, tensors) in enumerate(nodes_of(layers)):
        inputs, to = [at], f"y{i}"
        for part in "weight", "bias":
            if part in tensors:
                inputs.append(f"{i}.{part}")
                weights.append(tensor(inputs[-1], tensors[part]))
        nodes.append(node(op, inputs, to, **attributes))
        at = to
    graph = message(*((1, n) for n in nodes), (2, "libcnn"),
                    *((5, w) for w in weights),
                    (11, value_info("x", [batch, 1, 28, 28])),
                    (12, value_info(at, [batch, 10])))
    return message((1, IR_VERSION), (7, graph), (8, message((2, OPSET)))), at
