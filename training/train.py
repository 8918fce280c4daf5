"""Train the page network on shards of generated scenes.

usage: python train.py DATA OUT.pt [--minutes 90 | --steps 12000] [--resume] ...

Runs on the CPU with bfloat16 (fast with AMX) or on a GPU if torch sees one. Part of the time is
spent on smaller pictures, which is cheaper, the rest at 256 x 256. New shards that appear in
DATA are taken up as it goes. Writes OUT.pt with averaged weights ('average') every minute or two;
a run with --steps and a fixed set of shards gives the same model again on the same machine."""

import argparse
import concurrent.futures
import copy
import math
import os
import time

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from batches import Shards, make_batch
from network import PageNet, count_parameters, fold_norms, is_folded

AVERAGE_EVERY = 4  # steps
FRESH = 6000  # scenes that --fresh draws from, unless --fresh-after says otherwise
LOSS_NAMES = ('mask', 'dice', 'edge', 'corner', 'class')
LOSS_WEIGHTS = (1.0, 1.0, 0.5, 0.5, 0.4)


def losses(net, batch, device):
    """The five parts of the loss."""
    x, mask, edge, corner, kind = (t.to(device, non_blocking=True) for t in batch)
    with torch.autocast(device, torch.bfloat16):
        maps, classes = net(x)
    maps, classes = maps.float(), classes.float()
    boundary = 1 + 3 * F.avg_pool2d(edge, 5, 1, 2)
    bce = F.binary_cross_entropy_with_logits(maps[:, :1], mask, reduction='none')
    p = maps[:, :1].sigmoid()
    overlap = (p * mask).sum((1, 2, 3))
    dice = 1 - (2 * overlap + 20) / (p.sum((1, 2, 3)) + mask.sum((1, 2, 3)) + 20)
    heavy = [torch.tensor(v, device=device) for v in (4.0, 15.0)]
    return (
        (bce * boundary).mean(),
        dice.mean(),
        F.binary_cross_entropy_with_logits(maps[:, 1:2], edge, pos_weight=heavy[0]),
        F.binary_cross_entropy_with_logits(maps[:, 2:3], corner, pos_weight=heavy[1]),
        F.cross_entropy(classes, kind, label_smoothing=0.02),
    )


class Average:
    """Running average of the weights, which is what gets exported."""

    def __init__(self, net, decay):
        self.net, self.decay, self.count = copy.deepcopy(net), decay, 0

    @torch.no_grad()
    def update(self, net):
        self.count += 1
        keep = min(self.decay, 1 - 1 / (self.count + 1.5))
        for mine, theirs in zip(self.net.state_dict().values(), net.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs, alpha=1 - keep)
            else:
                mine.copy_(theirs)


class Threads:
    """On a shared machine: two threads while the cores are idle, else one.

    Two threads wait for each other in every operation, so one busy neighbour slows both down."""

    def __init__(self, fixed):
        self.fixed, self.others = fixed, 2.0
        torch.set_num_threads(fixed or 1)

    def update(self):
        if self.fixed:
            return
        with open('/proc/loadavg') as f:
            running = int(f.read().split()[3].split('/')[0])
        self.others = 0.9 * self.others + 0.1 * max(0, running - torch.get_num_threads())
        torch.set_num_threads(2 if self.others < 0.6 else 1)


class Progress:
    """How far the run is, by time or by steps."""

    def __init__(self, args):
        self.args, self.start, self.step = args, time.time(), 0

    def fraction(self):
        if self.args.steps:
            part = self.step / self.args.steps
        else:
            part = (time.time() - self.start) / (60 * self.args.minutes)
        return self.args.begin + (1 - self.args.begin) * part

    def rate(self):
        f, args = self.fraction(), self.args
        warm = min(1.0, (self.step + 1) / 80)
        return args.rate * warm * (0.5 * (1 + math.cos(math.pi * min(1.0, f))) * 0.99 + 0.01)

    def size(self):
        """Side of the pictures now, by --stages."""
        for side, end in self.args.stages:
            if self.fraction() < end:
                return side
        return self.args.stages[-1][0]


def exported_weights(path, state):
    """The float16 weights of an ONNX file that export_onnx.py wrote, in the order of `state`."""
    # Imported here: only this needs the onnx package.
    from onnx import load, numpy_helper

    arrays = [numpy_helper.to_array(tensor) for tensor in load(path).graph.initializer
              if tensor.name.endswith('_h')]
    if [array.size for array in arrays] != [value.numel() for value in state.values()]:
        raise SystemExit(f'{path} was exported from another network')
    return {name: torch.from_numpy(array.astype('float32')).reshape(value.shape)
            for (name, value), array in zip(state.items(), arrays)}


def prepare(args, device):
    """Network, its average, the optimiser and the number of pictures seen so far."""
    net, start = PageNet(), args.resume or args.folded
    state = torch.load(start, map_location='cpu', weights_only=True) if start else None
    if args.exported:
        fold_norms(net.eval())
        net.load_state_dict(exported_weights(args.exported, net.state_dict()))
    elif args.folded:
        net.load_state_dict(state['average'])
        fold_norms(net.eval())
    elif args.resume:
        if is_folded(state['net']):
            fold_norms(net)
        net.load_state_dict(state['net'])
    net = net.to(device, memory_format=torch.channels_last)
    average = Average(net, args.decay)
    optimiser = torch.optim.AdamW(net.parameters(), args.rate, weight_decay=args.weight_decay)
    if args.resume:
        average.net.load_state_dict(state['average'])
        average.count = 1000
        optimiser.load_state_dict(state['optimiser'])
    return net, average, optimiser, state['images'] if start else 0


class Trainer:
    """One run; batches are made by a second thread while the network works."""

    def __init__(self, args):
        torch.manual_seed(args.seed)
        torch.set_flush_denormal(True)
        self.args, self.rng = args, np.random.default_rng(args.seed)
        self.device = 'cuda' if torch.cuda.is_available() else 'cpu'
        self.threads, self.shards = Threads(args.threads), Shards(args.data)
        self.net, self.average, self.optimiser, self.seen = prepare(args, self.device)
        self.progress, self.mean = Progress(args), None
        print(
            '%d parameters, %d scenes, on %s'
            % (count_parameters(self.net), len(self.shards), self.device),
            flush=True,
        )

    def make(self, size):
        """A batch; small pictures come in larger batches."""
        count = self.args.batch if size > 192 else self.args.batch * 2
        numbers = self.rng.integers(len(self.shards), size=count)
        fresh = int(count * self.args.fresh)
        first = max(0, len(self.shards) - FRESH)
        if 0 <= self.args.fresh_after < len(self.shards):
            first = self.args.fresh_after
        numbers[:fresh] = self.rng.integers(first, len(self.shards), size=fresh)
        return make_batch(self.shards, numbers, size, self.rng)

    def step(self, batch):
        """One change of the weights."""
        for group in self.optimiser.param_groups:
            group['lr'] = self.progress.rate()
        parts = losses(self.net, batch, self.device)
        self.optimiser.zero_grad(set_to_none=True)
        sum(w * p for w, p in zip(LOSS_WEIGHTS, parts)).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.progress.step += 1
        if self.progress.step % AVERAGE_EVERY == 0:
            self.average.update(self.net)
        self.seen += len(batch[0])
        now = np.array([p.item() for p in parts])
        self.mean = now if self.mean is None else 0.98 * self.mean + 0.02 * now

    def report(self, size):
        print(
            '%5.1f min step %d images %d scenes %d size %d threads %d rate %.1e %s'
            % (
                (time.time() - self.progress.start) / 60,
                self.progress.step,
                self.seen,
                len(self.shards),
                size,
                torch.get_num_threads(),
                self.progress.rate(),
                ' '.join('%s %.4f' % pair for pair in zip(LOSS_NAMES, self.mean)),
            ),
            flush=True,
        )

    def save(self):
        path = self.args.out
        torch.save(
            {
                'net': self.net.state_dict(),
                'average': self.average.net.state_dict(),
                'optimiser': self.optimiser.state_dict(),
                'images': self.seen,
            },
            path + '.part',
        )
        os.replace(path + '.part', path)

    def run(self):
        maker, last = concurrent.futures.ThreadPoolExecutor(1), time.time()
        waiting = maker.submit(self.make, self.progress.size())
        self.net.train()
        while self.progress.fraction() < 1:
            batch = waiting.result()
            self.threads.update()
            if self.progress.step % 100 == 99:
                self.shards.refresh()
            waiting = maker.submit(self.make, self.progress.size())
            self.step(batch)
            if time.time() - last > self.args.every:
                last = time.time()
                self.report(batch[0].shape[-1])
                self.save()
        self.save()


def stage(text):
    side, end = text.split(':')
    return int(side), float(end)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('data')
    add('out')
    add('--minutes', type=float, default=90)
    add('--steps', type=int, help='instead of --minutes')
    add(
        '--stages',
        type=stage,
        nargs='+',
        default=[(128, 0.6), (256, 1)],
        metavar='SIDE:END',
        help='picture sides and when each ends, as parts of the run',
    )
    add('--batch', type=int, default=24)
    add('--rate', type=float, default=2.5e-3)
    add('--weight-decay', type=float, default=0.01)
    add('--decay', type=float, default=0.992, help='of the average of weights')
    add('--resume', help='checkpoint to go on from')
    add('--folded', help='checkpoint to go on from with the batch norms folded away')
    add('--exported', help='exported ONNX model to go on from (its batch norms are folded)')
    add('--begin', type=float, default=0.0, help='part of the schedule that is already done')
    add('--fresh', type=float, default=0.0, help='part of each batch drawn from the newest scenes')
    add('--fresh-after', type=int, default=-1, help='scenes after this many are the newest')
    add('--seed', type=int, default=1)
    add('--threads', type=int, default=0, help='0: one or two, as the machine allows')
    add('--every', type=float, default=60, help='seconds between reports')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    Trainer(args).run()


if __name__ == '__main__':
    main()
