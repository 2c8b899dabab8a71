"""The models of src/model in PyTorch, with the same names of parameters."""

import torch
from torch import nn
from torch.nn.functional import max_pool1d, max_pool2d, relu


class Mlp(nn.Module):
    def __init__(self, shape, depth, hidden, features):
        super().__init__()
        sizes = [shape["size"], *[hidden] * depth, features]
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers:
            x = relu(layer(x))
        return x


class Cnn(nn.Module):
    def __init__(self, shape, channels, features):
        super().__init__()
        self.shape = [shape["channels"], shape["height"], shape["width"]]
        left = 2 * channels * (shape["height"] // 4) * (shape["width"] // 4)
        self.conv1 = nn.Conv2d(shape["channels"], channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * channels)
        self.fc = nn.Linear(left, features)

    def forward(self, x):
        x = x.reshape(-1, *self.shape)
        x = max_pool2d(relu(self.bn1(self.conv1(x))), 2)
        x = max_pool2d(relu(self.bn2(self.conv2(x))), 2)
        return relu(self.fc(x.flatten(1)))


class Temporal(nn.Module):
    def __init__(self, shape, channels, features):
        super().__init__()
        self.shape = [shape["channels"], shape["length"]]
        self.conv1 = nn.Conv1d(shape["channels"], channels, 5, padding=2, bias=False)
        self.bn1 = nn.BatchNorm1d(channels)
        self.conv2 = nn.Conv1d(channels, 2 * channels, 5, padding=2, bias=False)
        self.bn2 = nn.BatchNorm1d(2 * channels)
        self.fc = nn.Linear(2 * channels, features)

    def forward(self, x):
        x = x.reshape(-1, *self.shape)
        x = max_pool1d(relu(self.bn1(self.conv1(x))), 2)
        x = relu(self.bn2(self.conv2(x)))
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


class ResNet18(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = [shape["channels"], shape.get("frames", 1), shape["height"], shape["width"]]
        self.conv1 = nn.Conv2d(shape["channels"], 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        for i, (inputs, outputs) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)], 1):
            first = BasicBlock(inputs, outputs, 1 if i == 1 else 2)
            setattr(self, f"layer{i}", nn.Sequential(first, BasicBlock(outputs, outputs, 1)))

    def forward(self, x):
        x = x.reshape(-1, *self.shape).swapaxes(1, 2).flatten(0, 1)
        x = max_pool2d(relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.unflatten(0, (-1, self.shape[1])).mean((3, 4)).mean(1)


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


ENCODERS = {"mlp": Mlp, "cnn": Cnn, "temporal": Temporal, "resnet18": ResNet18}
FUSIONS = {"sum": Sum, "concat": Concat, "film": Film, "gated": Gated}


class Model(nn.Module):
    """One encoder per modality, one fusion head, from the description of a cell."""

    def __init__(self, spec):
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
        fusion = spec["fusion"]
        self.fusion = FUSIONS[fusion["name"]](sizes, spec["outputs"], **fusion["params"])

    def features(self, inputs):
        return [encoder(x) for encoder, x in zip(self.encoder.values(), inputs)]

    def forward(self, inputs):
        return self.fusion(self.features(inputs))


def size_of(kind, shape):
    """The number of values of an example: the product of a shape's extents."""
    return torch.Size(shape.values()).numel()
