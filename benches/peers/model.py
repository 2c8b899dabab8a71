"""The models of src/model in PyTorch, with the same names of parameters."""

import torch
from torch import nn
from torch.nn.functional import max_pool1d, max_pool2d, relu


class Encoder(nn.Module):
    """The way through an encoder: in, stage by stage, out. A fusion may act between the stages."""

    def enter(self, x):
        return x.reshape(-1, *self.shape)

    def forward(self, x):
        x = self.enter(x)
        for index in range(self.stages):
            x = self.stage(index, x)
        return self.leave(x)

    def squeeze(self, x):
        """The mean of every channel over its positions."""
        return x.flatten(2).mean(2) if x.dim() > 2 else x

    def gate(self, x, gates):
        return x * gates.reshape(*gates.shape, *[1] * (x.dim() - 2))


class Mlp(Encoder):
    def __init__(self, shape, depth, hidden, features):
        super().__init__()
        self.shape, self.stages, self.channels = [shape["size"]], depth, [hidden] * depth
        sizes = [shape["size"], *[hidden] * depth, features]
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))

    def stage(self, index, x):
        return relu(self.layers[index](x))

    def leave(self, x):
        return relu(self.layers[-1](x))


class Cnn(Encoder):
    stages = 2

    def __init__(self, shape, channels, features):
        super().__init__()
        self.shape = [shape["channels"], shape["height"], shape["width"]]
        self.channels = [channels, 2 * channels]
        left = 2 * channels * (shape["height"] // 4) * (shape["width"] // 4)
        self.conv1 = nn.Conv2d(shape["channels"], channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * channels)
        self.fc = nn.Linear(left, features)

    def stage(self, index, x):
        conv, bn = [(self.conv1, self.bn1), (self.conv2, self.bn2)][index]
        return max_pool2d(relu(bn(conv(x))), 2)

    def leave(self, x):
        return relu(self.fc(x.flatten(1)))


class Temporal(Encoder):
    stages = 2

    def __init__(self, shape, channels, features):
        super().__init__()
        self.shape = [shape["channels"], shape["length"]]
        self.channels = [channels, 2 * channels]
        self.conv1 = nn.Conv1d(shape["channels"], channels, 5, padding=2, bias=False)
        self.bn1 = nn.BatchNorm1d(channels)
        self.conv2 = nn.Conv1d(channels, 2 * channels, 5, padding=2, bias=False)
        self.bn2 = nn.BatchNorm1d(2 * channels)
        self.fc = nn.Linear(2 * channels, features)

    def stage(self, index, x):
        if index == 0:
            return max_pool1d(relu(self.bn1(self.conv1(x))), 2)
        return relu(self.bn2(self.conv2(x)))

    def leave(self, x):
        return relu(self.fc(x.mean(2)))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Identity()
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = relu(self.bn1(self.conv1(x)))
        return relu(self.bn2(self.conv2(y)) + self.downsample(x))


class ResNet18(Encoder):
    stages, channels = 4, [64, 128, 256, 512]

    def __init__(self, shape):
        super().__init__()
        self.shape = [shape["channels"], shape.get("frames", 1), shape["height"], shape["width"]]
        self.conv1 = nn.Conv2d(shape["channels"], 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        for i, (inputs, outputs) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)], 1):
            first = BasicBlock(inputs, outputs, 1 if i == 1 else 2)
            setattr(self, f"layer{i}", nn.Sequential(first, BasicBlock(outputs, outputs, 1)))

    def enter(self, x):
        return x.reshape(-1, *self.shape).swapaxes(1, 2).flatten(0, 1)

    def stage(self, index, x):
        if index == 0:
            x = max_pool2d(relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return getattr(self, f"layer{index + 1}")(x)

    def squeeze(self, x):
        return x.unflatten(0, (-1, self.shape[1])).mean((3, 4)).mean(1)

    def gate(self, x, gates):
        return x * gates.repeat_interleave(self.shape[1], 0)[:, :, None, None]

    def leave(self, x):
        return self.squeeze(x)


class Sum(nn.Module):
    def __init__(self, sizes, n_classes):
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(size, n_classes) for size in sizes)

    def split(self, features):
        return [head(x) for head, x in zip(self.heads, features)]

    def forward(self, features):
        return sum(self.split(features))


class Concat(nn.Module):
    def __init__(self, sizes, n_classes):
        super().__init__()
        self.fc_out = nn.Linear(sum(sizes), n_classes)

    def split(self, features):
        weights = self.fc_out.weight.split([x.shape[1] for x in features], 1)
        bias = self.fc_out.bias / len(features)
        return [nn.functional.linear(x, weight, bias) for x, weight in zip(features, weights)]

    def forward(self, features):
        return self.fc_out(torch.cat(features, 1))


class Film(nn.Module):
    def __init__(self, sizes, n_classes, conditioner):
        super().__init__()
        self.conditioner = ["first", "second"].index(conditioner)
        self.fc = nn.Linear(sizes[0], 2 * sizes[0])
        self.fc_out = nn.Linear(sizes[0], n_classes)

    def forward(self, features):
        gamma, beta = self.fc(features[self.conditioner]).chunk(2, 1)
        return self.fc_out(gamma * features[1 - self.conditioner] + beta)


class Gated(nn.Module):
    def __init__(self, sizes, n_classes, gate):
        super().__init__()
        self.gate = ["first", "second"].index(gate)
        self.fc_x = nn.Linear(sizes[0], sizes[0])
        self.fc_y = nn.Linear(sizes[0], sizes[0])
        self.fc_out = nn.Linear(sizes[0], n_classes)

    def forward(self, features):
        projected = [self.fc_x(features[0]), self.fc_y(features[1])]
        return self.fc_out(projected[self.gate].sigmoid() * projected[1 - self.gate])


class Exchange(nn.Module):
    """The gates of one stage: every modality's channels by what all of them show."""

    def __init__(self, channels, ratio, gate):
        super().__init__()
        total = sum(channels)
        joint = max(2 * total // ratio, 1)
        self.fc_squeeze = nn.Linear(total, joint)
        self.fc_excite = nn.ModuleList(nn.Linear(joint, size) for size in channels)
        self.factor = {"sigmoid": 1.0, "doubled": 2.0}[gate]

    def forward(self, encoders, hidden):
        means = [encoder.squeeze(x) for encoder, x in zip(encoders, hidden)]
        joint = relu(self.fc_squeeze(torch.cat(means, 1)))
        gates = [self.factor * excite(joint).sigmoid() for excite in self.fc_excite]
        return [encoder.gate(x, g) for encoder, x, g in zip(encoders, hidden, gates)]


class Mmtm(nn.Module):
    """Acts between the stages; `Model` gives it the encoders' channels."""

    def __init__(self, sizes, n_classes, channels, stages, ratio, gate):
        super().__init__()
        depth = min(stages, *map(len, channels))
        self.exchanges = nn.ModuleList(
            Exchange([own[-last] for own in channels], ratio, gate) for last in range(1, depth + 1)
        )
        self.heads = nn.ModuleList(nn.Linear(size, n_classes) for size in sizes)

    def encode(self, encoders, inputs):
        reach = len(self.exchanges)
        hidden = [encoder.enter(x) for encoder, x in zip(encoders, inputs)]
        for m, encoder in enumerate(encoders):
            for index in range(encoder.stages - reach):
                hidden[m] = encoder.stage(index, hidden[m])
        for last in range(reach, 0, -1):
            hidden = [e.stage(e.stages - last, x) for e, x in zip(encoders, hidden)]
            hidden = self.exchanges[last - 1](encoders, hidden)
        return [encoder.leave(x) for encoder, x in zip(encoders, hidden)]

    def split(self, features):
        return [head(x) for head, x in zip(self.heads, features)]

    def forward(self, features):
        return sum(self.split(features)) / len(features)


ENCODERS = {"mlp": Mlp, "cnn": Cnn, "temporal": Temporal, "resnet18": ResNet18}
FUSIONS = {"sum": Sum, "concat": Concat, "film": Film, "gated": Gated, "mmtm": Mmtm}


class Model(nn.Module):
    """One encoder per modality, a fusion, and heads of the strategy's own where it has them, from
    the description of a cell."""

    def __init__(self, spec, own_heads=False):
        super().__init__()
        self.encoder = nn.ModuleDict()
        sizes = []
        for branch in spec["branches"]:
            (kind, shape), = branch["modality"]["shape"].items()
            encoder = branch["encoder"]
            if encoder["name"] == "mlp":
                shape = {"size": size_of(kind, shape)}
            self.encoder[branch["modality"]["name"]] = ENCODERS[encoder["name"]](
                shape, **encoder["params"]
            )
            sizes.append(encoder["params"].get("features", 512))
        fusion, params = spec["fusion"]["name"], dict(spec["fusion"]["params"])
        if fusion == "mmtm":
            params["channels"] = [encoder.channels for encoder in self.encoder.values()]
        self.fusion = FUSIONS[fusion](sizes, spec["outputs"], **params)
        own = zip(self.encoder, sizes) if own_heads else []
        self.head = nn.ModuleDict({name: nn.Linear(size, spec["outputs"]) for name, size in own})

    def features(self, inputs):
        if isinstance(self.fusion, Mmtm):
            return self.fusion.encode(list(self.encoder.values()), inputs)
        return [encoder(x) for encoder, x in zip(self.encoder.values(), inputs)]

    def own(self, features):
        """The logits of the strategy's own heads."""
        return [head(x) for head, x in zip(self.head.values(), features)]

    def forward(self, inputs):
        return self.fusion(self.features(inputs))


def size_of(kind, shape):
    """The number of values of an example: the product of a shape's extents."""
    return torch.Size(shape.values()).numel()
