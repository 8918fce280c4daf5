"""The page network: a small residual encoder-decoder, and folding of its batch norms."""

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS = (16, 32, 64, 96, 112)  # at strides 2, 4, 8, 16, 32; multiples of 16
HIDDEN = 48  # units between the decoder's mean at stride 16 and the classes
CLASSES = ('none', 'page', 'flat')
MAPS = ('mask', 'edge', 'corner')


class ConvNorm(nn.Module):
    """Convolution with batch norm; the norm goes into the convolution when folded."""

    def __init__(self, inputs, outputs, kernel=3, stride=1, dilation=1):
        super().__init__()
        padding = dilation * (kernel // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.conv(x)) if self.norm is not None else self.conv(x)

    def fold(self):
        """Replace convolution and norm by one convolution with bias."""
        conv, norm = self.conv, self.norm
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        folded = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,
            conv.stride,
            conv.padding,
            conv.dilation,
            bias=True,
        )
        folded.weight.data = conv.weight.data * scale[:, None, None, None]
        folded.bias.data = norm.bias.data - norm.running_mean * scale
        self.conv, self.norm = folded, None


class Residual(nn.Module):
    """Two 3x3 convolutions beside a short cut; the first may look further afield."""

    def __init__(self, channels, dilation=1):
        super().__init__()
        self.first = ConvNorm(channels, channels, 3, 1, dilation)
        self.second = ConvNorm(channels, channels)

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.first(x))))


class Down(nn.Module):
    """Halve the size, then residual blocks."""

    def __init__(self, inputs, outputs, dilations):
        super().__init__()
        self.reduce = ConvNorm(inputs, outputs, 3, 2)
        self.blocks = nn.Sequential(*[Residual(outputs, d) for d in dilations])

    def forward(self, x):
        return self.blocks(F.relu(self.reduce(x)))


class Up(nn.Module):
    """Double the size, add the encoder's features of that size, then a residual block."""

    def __init__(self, inputs, skip, outputs, dilation=1):
        super().__init__()
        self.deep = ConvNorm(inputs, outputs, 1)
        self.side = ConvNorm(skip, outputs, 1)
        self.block = Residual(outputs, dilation)

    def forward(self, x, skip):
        return self.block(F.relu(double(self.deep(x)) + self.side(skip)))


def double(x):
    return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)


class PageNet(nn.Module):
    """RGB 0..1 (n, 3, s, s) to logits of maps (n, 3, s/2, s/2) and of classes (n, 3)."""

    def __init__(self, channels=CHANNELS):
        super().__init__()
        c1, c2, c3, c4, c5 = channels
        self.stem = ConvNorm(3, c1, 3, 2)
        self.down2 = Down(c1, c2, (1,))
        self.down3 = Down(c2, c3, (1, 2))
        self.down4 = Down(c3, c4, (1, 2))
        self.down5 = Down(c4, c5, (1,))
        self.whole = nn.Linear(c5, c5)
        self.up4 = Up(c5, c4, c4, 2)
        self.judge = nn.Linear(c4, HIDDEN)
        self.classes = nn.Linear(HIDDEN, len(CLASSES))
        self.up3 = Up(c4, c3, c3, 2)
        self.up2 = Up(c3, c2, c2)
        self.up1 = ConvNorm(c2, c1, 1)
        self.last = ConvNorm(c1, c1)
        self.maps = nn.Conv2d(c1, len(MAPS), 3, 1, 1)

    def forward(self, x):
        x1 = F.relu(self.stem(x))
        x2 = self.down2(x1)
        x3 = self.down3(x2)
        x4 = self.down4(x3)
        x5 = self.down5(x4)
        x5 = F.relu(x5 + self.whole(x5.mean((2, 3)))[:, :, None, None])
        y = self.up4(x5, x4)
        classes = self.classes(F.relu(self.judge(y.mean((2, 3)))))
        y = self.up3(y, x3)
        y = self.up2(y, x2)
        y = F.relu(double(self.up1(y)) + x1)
        y = F.relu(self.last(y))
        return self.maps(y), classes


def fold_norms(net):
    """Fold every batch norm, in place; the network must be in eval mode."""
    for module in net.modules():
        if isinstance(module, ConvNorm) and module.norm is not None:
            module.fold()
    return net


def load(path):
    """Network of a checkpoint written by train.py (averaged weights), in eval mode."""
    state = torch.load(path, map_location='cpu', weights_only=True)['average']
    net = PageNet()
    if is_folded(state):
        fold_norms(net)
    net.load_state_dict(state)
    return net.eval()


def is_folded(state):
    """Whether weights are those of a network without batch norms."""
    return 'stem.norm.weight' not in state


def count_parameters(net):
    return sum(p.numel() for p in net.parameters())


def count_macs(net, size=256):
    """Multiply-adds of one picture in convolutions and linear layers."""
    total, hooks = [0], []

    def conv(module, _, out):
        total[0] += out.numel() * module.weight[0].numel()

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            hooks.append(module.register_forward_hook(conv))
    with torch.no_grad():
        net(torch.zeros(1, 3, size, size))
    for hook in hooks:
        hook.remove()
    return total[0]


if __name__ == '__main__':
    model = PageNet().eval()
    print(
        '%.3f M parameters, %.3f G multiply-adds at 256'
        % (count_parameters(model) / 1e6, count_macs(model) / 1e9)
    )
    fold_norms(model)
    print(
        'folded: %.3f M parameters, fp16 %.2f MB'
        % (count_parameters(model) / 1e6, count_parameters(model) * 2e-6)
    )
