"""A run of the harness in PyTorch eager: its data, its steps, its evaluation."""

import json
import os
import struct
import warnings
from pathlib import Path

# As the workers of the harness have it; libraries read it when they start.
os.environ.update(
    CUBLAS_WORKSPACE_CONFIG=":4096:8",
    NVIDIA_TF32_OVERRIDE="0",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    ATEN_CPU_CAPABILITY="avx2",
    MKL_CBWR="AVX2",
    ONEDNN_MAX_CPU_ISA="AVX2",
)

# NumPy is not needed here.
warnings.filterwarnings("ignore", message="Failed to initialize NumPy")

import torch

from model import Model
from strategy import STRATEGIES, Step


def make_deterministic():
    """The settings of the harness."""
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_num_threads(1)


DTYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}


def read_safetensors(path):
    """The tensors of a file, by name."""
    content = bytearray(Path(path).read_bytes())
    (size,) = struct.unpack_from("<Q", content)
    tensors = {}
    for name, entry in json.loads(content[8 : 8 + size]).items():
        begin, end = entry["data_offsets"]
        count = end - begin
        values = torch.empty(0, dtype=DTYPES[entry["dtype"]])
        if count:
            place = {"offset": 8 + size + begin, "count": count // values.element_size()}
            values = torch.frombuffer(content, dtype=values.dtype, **place)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


class Run:
    """A run with its data on a device. `draws` is a class of draws.py."""

    def __init__(self, folder, exported, draws, device):
        self.spec = spec = exported["spec"]["cell"]
        names = [branch["modality"]["name"] for branch in spec["branches"]]
        data = read_safetensors(folder / exported["data"])
        self.splits = {}
        for labels in (name for name in data if name.endswith(".labels")):
            split = labels.removesuffix(".labels")
            inputs = [data[f"{split}.{name}"].to(device) for name in names]
            self.splits[split] = inputs, data[labels].to(device)
        self.device = device
        self.draws = draws(exported["spec"]["seed"], device)
        self.strategy = STRATEGIES[spec["strategy"]["name"]](spec["strategy"]["params"])
        self.model = Model(spec, self.strategy.own_heads).to(device)
        initial = read_safetensors(folder / exported["initial"])
        # PyTorch counts the batches of a normalisation, for nothing here.
        missing, unexpected = self.model.load_state_dict(initial, strict=False)
        if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
            raise ValueError(f"other parameters: {missing} are missing, {unexpected} too many")
        self.strategy.train(self.model)
        self.optimizer = optimizer(spec["protocol"]["optimizer"], self.model.parameters())
        schedule = spec["protocol"]["schedule"]["params"]
        self.scheduler = torch.optim.lr_scheduler.StepLR(
            self.optimizer, schedule["every"], schedule["gamma"]
        )
        self.taken = 0

    @property
    def steps_per_epoch(self):
        examples, size = len(self.splits["train"][1]), self.spec["protocol"]["batch_size"]
        return examples // size if self.spec["protocol"]["drop_last"] else -(-examples // size)

    def batches(self):
        """The rows of every batch of an epoch, shuffled on the device."""
        examples = len(self.splits["train"][1])
        order = torch.randperm(examples, device=self.device)
        return order.split(self.spec["protocol"]["batch_size"])[: self.steps_per_epoch]

    def step(self, rows):
        """Takes a step. Gives its loss, on the device; None where no example is left."""
        inputs, labels = self.splits["train"]
        inputs, labels = [x[rows] for x in inputs], labels[rows]
        epoch = self.taken // self.steps_per_epoch % self.spec["protocol"]["epochs"]
        features = self.model.features(inputs)
        estimator = self.spec["scores"]["name"]
        step = Step(self.taken, epoch, self.model, features, labels, self.draws, estimator)
        features, left = self.strategy.features(step, features)
        self.taken += 1
        loss = None
        if left is None or len(left) > 0:
            logits = self.model.fusion(features)
            self.optimizer.zero_grad()
            labels = labels if left is None else labels[left]
            loss = self.strategy.take(self.model, logits, features, labels)
            self.strategy.gradients(step)
            self.optimizer.step()
            loss = loss.detach()
        if self.taken % self.steps_per_epoch == 0:
            self.scheduler.step()
        return loss

    def accuracy(self, split):
        """The share of a split's examples that the fused model classifies rightly."""
        inputs, labels = self.splits[split]
        self.model.eval()
        with torch.no_grad():
            scores = self.strategy.predict(self.model, self.model.features(inputs))
        self.strategy.train(self.model)
        return (scores.argmax(1) == labels).double().mean().item()


def optimizer(rule, parameters):
    kind, rule = rule["name"], dict(rule["params"])
    if kind == "sgd":
        return torch.optim.SGD(parameters, **rule)
    betas = rule.pop("beta1"), rule.pop("beta2")
    return {"adam": torch.optim.Adam, "adam-w": torch.optim.AdamW}[kind](
        parameters, betas=betas, **rule
    )
