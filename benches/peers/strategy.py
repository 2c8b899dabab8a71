"""The strategies of src/strategy in PyTorch, as one would write them there.

The host waits for the device in OPM alone, which removes rows from the batch.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot


class Step:
    """A training step, as the strategies see it."""

    def __init__(self, number, epoch, model, features, labels, draws, estimator):
        self.number, self.epoch, self.model, self.draws = number, epoch, model, draws
        self._features, self._labels, self._estimator = features, labels, estimator

    def scores(self):
        """The sum over the batch of each modality's probability of the true class (Eq. 8)."""
        with torch.no_grad():
            sums = []
            for logits in self._unimodal():
                true = logits.softmax(1).gather(1, self._labels[:, None])
                sums.append(true.sum())
            return torch.stack(sums).double()

    def _unimodal(self):
        fusion, features = self.model.fusion, self._features
        if self._estimator.startswith("split-head"):
            return fusion.split(features)
        zeros = [torch.zeros_like(x) for x in features]
        return [fusion([*zeros[:m], x, *zeros[m + 1 :]]) for m, x in enumerate(features)]


class Joint:
    """No modulation. The other strategies override what they change."""

    own_heads = False

    def __init__(self, params):
        self.params = params

    def train(self, model):
        """Sets the model to training."""
        model.train()

    def take(self, model, logits, features, labels):
        """Fills the gradients. Gives the loss, of several their sum."""
        loss = self.loss(model, logits, features, labels)
        loss.backward()
        return loss

    def loss(self, model, logits, features, labels):
        return cross_entropy(logits, labels)

    def predict(self, model, features):
        """What orders the classes in evaluation."""
        return model.fusion(features)

    def is_open(self, epoch):
        return max(self.params["warmup"], self.params["starts"]) <= epoch <= self.params["ends"]

    def features(self, step, features):
        """The features that the fusion sees, and the rows that are left where not all are."""
        return features, None

    def gradients(self, step):
        """Changes the gradients in place."""


class Ogm(Joint):
    enhance = False

    def gradients(self, step):
        if not self.is_open(step.epoch):
            return
        k = coefficients(self.params["rule"], self.params["alpha"], ratios(step.scores())).float()
        for k, (name, encoder) in zip(k, step.model.encoder.items()):
            for path, parameter in encoder.named_parameters():
                layer = encoder.get_submodule(path.rpartition(".")[0])
                convolution = isinstance(layer, (nn.Conv1d, nn.Conv2d))
                if self.params["targets"] == "conv-only" and not convolution:
                    continue
                gradient = parameter.grad
                modulated = gradient * k
                if self.enhance:
                    modulated += self.noise(step, f"encoder.{name}.{path}", gradient)
                parameter.grad = modulated

    @staticmethod
    def noise(step, path, gradient):
        """Normal, with the deviation of the gradient's own entries."""
        noise = step.draws.noise(step.number, path, gradient.numel())
        # The harness draws in its own layout, in which a linear weight is `[in, out]`.
        noise = noise.reshape(gradient.shape[::-1]).T if gradient.dim() == 2 else noise
        deviation = gradient.std() if gradient.numel() > 1 else 0.0
        return noise.reshape(gradient.shape) * (deviation + 1e-8)


class OgmGe(Ogm):
    enhance = True


class Opm(Joint):
    def __init__(self, params):
        super().__init__(params)
        self.q = None

    def features(self, step, features):
        if not self.is_open(step.epoch):
            self.q = [0.0] * len(features)
            return features, None
        fresh = [self.drop_probability(rho) for rho in ratios(step.scores()).tolist()]
        before, self.q = self.q or [0.0] * len(features), fresh
        q = before if self.params["timing"] == "lagged" else fresh
        batch = len(features[0])
        chance, draws = step.draws.opm(step.number, len(features) * batch)
        if chance < 1.0 - self.params["p_exe"]:
            return features, None
        bounds = torch.tensor(q, dtype=draws.dtype, device=draws.device)[:, None]
        kept = bounds <= draws.reshape(-1, batch)
        return without_empty(drop(features, kept, q, self.params["rescale"]), kept)

    def drop_probability(self, rho):
        if rho <= 1.0:
            return 0.0
        q = self.params["q_base"] * (1.0 + self.params["lambda"] * math.tanh(rho - 1.0))
        return min(max(q, 0.0), 1.0)


class OgmGeOpm(Opm):
    def __init__(self, params):
        super().__init__(params)
        self.gradients = OgmGe(params).gradients


class ModalityDropout(Joint):
    def features(self, step, features):
        p, modalities = self.params["p"], len(features)
        draws, spared = step.draws.dropout(step.number, modalities, len(features[0]))
        kept = p <= draws
        kept |= ~kept.any(0) & one_hot(spared, modalities).T.bool()
        return drop(features, kept, [p] * modalities, False), None


class MultiLoss(Joint):
    own_heads = True

    def loss(self, model, logits, features, labels):
        own = own_loss(model, features, labels)
        return cross_entropy(logits, labels) + self.params["weight"] * own


class LateEnsemble(Joint):
    own_heads = True

    def loss(self, model, logits, features, labels):
        return own_loss(model, features, labels)

    def predict(self, model, features):
        return sum(logits.softmax(1) for logits in model.own(features))


class MmPareto(Joint):
    own_heads = True

    def take(self, model, logits, features, labels):
        joint, own = cross_entropy(logits, labels), own_loss(model, features, labels)
        parameters = list(model.parameters())
        of_joint, of_own = (
            torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
            for loss in (joint, own)
        )
        for parameter, a, b in zip(parameters, of_joint, of_own):
            parameter.grad = a if b is None else b if a is None else a + b
        gradients = {id(p): (a, b) for p, a, b in zip(parameters, of_joint, of_own)}
        for encoder in model.encoder.values():
            pairs = [(p, *gradients[id(p)]) for p in encoder.parameters()]
            aa, ab, bb = torch.stack(
                [sum((x * y).sum() for _, x, y in choose) for choose in products(pairs)]
            ).tolist()
            w = 0.5 if ab > 0.0 else min_norm(aa, ab, bb)
            for parameter, a, b in pairs:
                weighed = 2.0 * w * a + 2.0 * (1.0 - w) * b
                factor = ((a + b).norm() / weighed.norm()).nan_to_num(1.0).clamp(min=1.0)
                parameter.grad = weighed * factor * self.params["gamma"]
        return joint + own


def own_loss(model, features, labels):
    return sum(cross_entropy(logits, labels) for logits in model.own(features))


def products(pairs):
    """The pairs of which inner products are taken: joint with itself, both, own with itself."""
    return (
        [(p, a, a) for p, a, _ in pairs],
        pairs,
        [(p, b, b) for p, _, b in pairs],
    )


def min_norm(aa, ab, bb):
    """The weight of the first of two vectors in the shortest between them."""
    if aa <= ab:
        return 0.999
    return 0.001 if bb <= ab else (bb - ab) / (aa + bb - 2.0 * ab)


class FrozenEncoders(Joint):
    """The weights that the harness exports are those of the unimodal runs already."""

    def train(self, model):
        model.train()
        model.encoder.eval().requires_grad_(False)


STRATEGIES = {
    "joint": Joint,
    "unimodal": Joint,
    "ogm": Ogm,
    "ogm-ge": OgmGe,
    "opm": Opm,
    "ogm-ge+opm": OgmGeOpm,
    "modality-dropout": ModalityDropout,
    "multi-loss": MultiLoss,
    "mmpareto": MmPareto,
    "late-ensemble": LateEnsemble,
    "frozen-encoders": FrozenEncoders,
    "fine-tuned-encoders": Joint,
}


def ratios(scores):
    """rho of every modality (journal paper, Eq. 7)."""
    if len(scores) < 2:
        return torch.ones_like(scores)
    quotients = scores[:, None] / scores[None, :]
    return (quotients.sum(1) - 1.0) / (len(scores) - 1)


def coefficients(rule, alpha, rho):
    """k of every modality."""
    if rule == "journal-eq11":
        k = (1.0 - alpha * (rho - 1.0).tanh()).clamp(0.0, 1.0)
    else:
        k = 1.0 - (alpha * rho).tanh()
    keeps = rho <= 1.0
    if rule == "cvpr-code" and len(rho) == 2:
        # The published code holds back the first modality on a tie.
        keeps = torch.stack([rho[0] < 1.0, keeps[1]])
    return torch.where(keeps, 1.0, k)


def drop(features, kept, q, rescale):
    """The features where `kept` `[modality, example]`, zero elsewhere."""
    sizes = [x.shape[1] for x in features]
    share = sum(size * q for size, q in zip(sizes, q)) / sum(sizes)
    scale = 1.0 / (1.0 - share) if rescale and share < 1.0 else 1.0
    kept = kept.to(features[0].dtype)
    return [x * (k * scale)[:, None] for x, k in zip(features, kept)]


def without_empty(features, kept):
    """The features without the rows that are zero altogether; and the rows that are left, where
    not all are. The host waits here."""
    left = kept.any(0)
    if left.all():
        return features, None
    rows = left.nonzero()[:, 0]
    return [x[rows] for x in features], rows
