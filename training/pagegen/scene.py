"""One training scene: picture, mask of the sheet, its corners, class and what it contains."""

import dataclasses
import math

import cv2
import numpy as np

from . import camera, grounds, objects, papers, places, still
from .noise import chance
from .objects import Props
from .paint import blend, ramp, whole
from .pictures import make_picture
from .place import Bend, draw_sheet, random_bend, random_quad
from .sheets import make_sheet, vary_sheet
from .surfaces import make_surface, view_surface
from .visible import can_be_seen

SIZE = 256  # side of the picture
MASK = 128  # side of the mask
AREA = 340 * 340  # pixels a scene is drawn with before it is reduced
NONE, PAGE, FLAT = 0, 1, 2
FLAGS = {
    'clutter': 1,
    'hand': 2,
    'papers': 4,
    'bent': 8,
    'cut': 16,
    'none': 32,
    'flat': 64,
    'stack': 128,
    'card': 256,
    'receipt': 512,
    'low contrast': 1024,
    'room': 2048,
    'covered': 4096,
    'dark sheet': 8192,
    'mat': 16384,
    'desk': 32768,
}
P_NONE, P_FLAT, P_DESK = 0.21, 0.05, 0.1
TRIES = 4  # at a scene whose sheet can be made out


@dataclasses.dataclass
class Scene:
    picture: np.ndarray  # SIZE x SIZE x 3, uint8
    mask: np.ndarray  # MASK x MASK, uint8
    quad: np.ndarray  # 4 corners, 0..1 of the picture
    kind: int  # NONE, PAGE or FLAT
    flags: int


@dataclasses.dataclass
class Pools:
    """Textures shared by the scenes of one shard."""

    sheets: list
    surfaces: list
    pictures: list


def make_pools(rng, sheets=200, surfaces=150, pictures=60):
    return Pools(
        [make_sheet(rng) for _ in range(sheets)],
        [make_surface(rng) for _ in range(surfaces)],
        [make_picture(rng, 256, 256).astype(np.uint8) for _ in range(pictures)],
    )


def _canvas(rng, pools, aspect=None):
    if aspect is None:
        aspect = rng.choice([0.75, 0.75, 0.75, 1.333, 1.333, 0.5625, 0.48, 1.778, 1.0, 0.667, 1.5])
    w = int(round(math.sqrt(AREA * aspect) / 2)) * 2
    h = int(round(AREA / w / 2)) * 2
    img = np.zeros((h, w, 3), np.float32)
    props = Props(rng, img, pools.surfaces, pools.sheets, pools.pictures)
    img[:] = props.any_surface()
    if chance(rng, 0.2):
        edge = whole(ramp(h, w, rng.uniform(0, 6.28), rng.uniform(-0.4, 0.4)))
        if chance(rng, 0.5):
            props.shadow(edge)
        blend(img, edge, props.any_surface())
    return props


def _mat(props, quad):
    """A board, folder, tablet or tray directly beneath the sheet."""
    rng, centre = props.rng, quad.mean(0)
    under = (quad - centre) * rng.uniform(1.06, 1.9) + centre + rng.normal(0, 0.03, 2) * props.size
    shape = objects.polygon(props.img.shape, under)
    props.shadow(shape)
    blend(props.img, shape, props.any_surface())


def _choose_quad(rng, sheet, w, h, held):
    least = 0.03 if sheet.is_card or sheet.kind == 'receipt' else 0.045
    for _ in range(50):
        if sheet.is_card and chance(rng, 0.3):
            cover, roll = rng.uniform(0.22, 0.6), None
        elif held:
            cover, roll = rng.uniform(0.4, 0.95), rng.normal(0, 0.2) if chance(rng, 0.7) else None
        elif chance(rng, 0.78):
            cover, roll = rng.uniform(0.36, 1.02) ** 0.8, None
        else:
            cover, roll = rng.uniform(0.85, 1.25), rng.normal(0, 0.1)
        quad = random_quad(rng, sheet.ratio, w, h, cover, roll)
        area = abs(cv2.contourArea(quad)) / (w * h)
        near = (quad > (-0.3 * w, -0.3 * h)).all() and (quad < (1.3 * w, 1.3 * h)).all()
        if area > least and near and cv2.isContourConvex(quad):
            return quad
    return random_quad(rng, sheet.ratio, w, h, 0.7, 0.1, 0.2)


def _light_ground(props):
    """Replace the ground by a light one, on which a dark sheet will lie."""
    props.img[:] = grounds.toned(props.rng, props.any_surface(), 150, 235)


def _beneath(props, quad, sheet, dark_on_light):
    """What lies between desk and sheet and may end inside the picture; returns flags."""
    rng = props.rng
    if chance(rng, 0.3 if sheet.is_card else 0.13):
        grounds.mat(props, quad, (150, 240) if dark_on_light else None)
        return FLAGS['mat']
    if chance(rng, 0.06):
        _mat(props, quad)
    elif chance(rng, 0.06):
        grounds.raised_board(props, quad)
    return 0


def _bright_patches(props, quad, count):
    """Windows, lit walls and other patches as bright as paper that touch the sheet's outline."""
    rng = props.rng
    for _ in range(count):
        side, t = int(rng.integers(4)), rng.random()
        where = (
            quad[side] * (1 - t) + quad[(side + 1) % 4] * t + rng.normal(0, 0.06, 2) * props.size
        )
        sides = props.size * rng.uniform(0.08, 0.5, 2)
        if chance(rng, 0.6):
            points = objects.box_points(where, sides, rng.normal(0, 0.25))
        else:
            points = objects.wobbly_points(rng, where, sides / 2, 0.4)
        patch = objects.polygon(props.img.shape, points, rng.uniform(0, 0.02) * props.size)
        blend(props.img, patch, objects.any_colour(rng, 175, 255, 0.2))


def _match_tone(rng, colour, alpha, img, around):
    """Bring the paper's tone near that of what lies around it."""
    goal = img.mean((0, 1))
    if chance(rng, 0.5):  # what lies right around it counts, not the whole picture
        near = cv2.dilate((alpha > 0.5).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        near[alpha > 0] = False
        goal = around[near].mean(0) if near.any() else goal
    now = np.median(colour[alpha > 0.5], 0) if (alpha > 0.5).any() else colour.mean((0, 1))
    factor = np.clip(goal / np.maximum(now, 1), 0.3, 2.4) * rng.uniform(0.9, 1.12)
    return np.clip(colour * factor.astype(np.float32), 0, 262)


def _page_scene(rng, props, pools):
    sheet = vary_sheet(rng, pools.sheets[rng.integers(len(pools.sheets))])
    flags = 256 if sheet.is_card else 512 if sheet.kind == 'receipt' else 0
    in_room = chance(rng, 0.26)
    if in_room:
        (places.room if chance(rng, 0.5) else places.jumble)(props)
        places.defocus(props)
        if chance(rng, 0.3):  # a bright room or the open air behind: overexposed
            props.img *= np.float32(rng.uniform(1.2, 2.4))
            np.clip(props.img, 0, 255, props.img)
        flags |= FLAGS['room']
    dark_on_light = not in_room and chance(rng, 0.3 if sheet.is_card else 0.12)
    if dark_on_light:
        _light_ground(props)
    w, h, img = props.w, props.h, props.img
    quad = _choose_quad(rng, sheet, w, h, in_room)
    if ((quad < 0) | (quad > (w, h))).any():
        flags |= FLAGS['cut']
    if chance(rng, 0.45):
        objects.clutter(props, rng.integers(1, 9))
        flags |= FLAGS['clutter']
    if chance(rng, 0.25):
        papers.draw_others(props, quad, rng.integers(1, 5))
        flags |= FLAGS['papers']
    if chance(rng, 0.4 if in_room else 0.05):
        _bright_patches(props, quad, int(rng.integers(1, 4)))
    if not in_room:
        flags |= _beneath(props, quad, sheet, dark_on_light)
    if chance(rng, 0.13) and not sheet.is_card:
        papers.draw_pile(props, quad)
        flags |= FLAGS['stack']
    hand = objects.Hand(props, quad) if chance(rng, 0.55 if in_room else 0.08) else None
    if hand:
        hand.behind()
        flags |= FLAGS['hand']
    bend = random_bend(rng, sheet)
    flags |= FLAGS['bent'] if bend.curved else 0
    colour, shape = draw_sheet(rng, sheet, quad, w, h, bend)
    if chance(rng, 0.78):
        props.shadow(shape, 0.65, 0.015)
    if dark_on_light:
        goal = math.exp(rng.uniform(math.log(12), math.log(100)))
        colour = colour * np.float32(min(1.0, goal / max(1.0, float(np.median(colour)))))
    elif chance(rng, 0.2):
        x0, y0, x1, y1 = shape[1]
        colour = _match_tone(rng, colour, shape[0], img, img[y0:y1, x0:x1])
        flags |= FLAGS['low contrast']
    elif chance(rng, 0.25):
        colour = colour * np.float32(rng.uniform(0.4, 1.05))
    if np.median(colour) < 90:
        flags |= FLAGS['dark sheet']
    blend(img, shape, colour)
    mask = np.zeros((h, w), np.float32)
    x0, y0, x1, y1 = shape[1]
    mask[y0:y1, x0:x1] = shape[0]
    often = 0.35 if bend.curved and sheet.kind == 'receipt' else 0.12
    flags |= _cover(rng, props, quad, hand, often)
    return mask, quad, flags


def _cover(rng, props, quad, hand, often):
    """Thumb, fingers and things over the sheet; they do not change the mask."""
    flags = 0
    if hand and chance(rng, 0.85):
        hand.thumb()
    if chance(rng, often):
        for _ in range(1 if chance(rng, 0.75) else 2):
            objects.fingers(props, quad)
        flags |= FLAGS['hand']
    if chance(rng, 0.05):
        objects.paw(props, quad)
        flags |= FLAGS['covered']
    if chance(rng, 0.09):
        objects.small_things(props, quad, int(rng.integers(1, 4)))
        flags |= FLAGS['covered']
    if chance(rng, 0.07):
        objects.fastenings(props, quad)
    return flags


DESKS = ('wood', 'plain', 'dark', 'stone', 'light')
PAPERS = ('text', 'letter', 'form', 'table', 'magazine', 'newspaper')


def _desk_quad(rng, w, h):
    """An A4 sheet before a hand-held camera that looks down at a desk."""
    for _ in range(50):
        tilt = min(abs(rng.normal(0.25, 0.22)), 0.8)
        roll = rng.normal(0, 0.2) + rng.choice([0, 0, 0, 1.5708, -1.5708])
        quad = random_quad(rng, 1.414, w, h, rng.uniform(0.45, 1.0), roll, tilt)
        if cv2.isContourConvex(quad) and abs(cv2.contourArea(quad)) > 0.1 * w * h:
            return quad
    return random_quad(rng, 1.414, w, h, 0.8, 0.0, 0.2)


def _is_office_paper(sheet):
    """Printed matter of about A4 on light paper, light along all its edges too."""
    small = sheet.levels[-1].mean(-1)
    rims = (small[:3], small[-3:], small[:, :3], small[:, -3:])
    return (
        sheet.kind in PAPERS and 1.2 < sheet.ratio < 1.6 and min(np.mean(rim) for rim in rims) > 165
    )


def _desk_scene(rng, props, pools):
    """As in SmartDoc-2015: A4 on one of a few desks, one of five cluttered, lying nearly flat."""
    surface = make_surface(rng, kind=DESKS[rng.integers(len(DESKS))])
    props.img[:] = view_surface(rng, surface, props.h, props.w)
    flags, fit = FLAGS['desk'], [s for s in pools.sheets if _is_office_paper(s)]
    sheet = fit[rng.integers(len(fit))] if fit else make_sheet(rng, 'text')
    quad = _desk_quad(rng, props.w, props.h)
    if ((quad < 0) | (quad > (props.w, props.h))).any():
        flags |= FLAGS['cut']
    if chance(rng, 0.25):
        objects.clutter(props, rng.integers(6, 18), 0.4)
        papers.draw_others(props, quad, rng.integers(1, 6))
        flags |= FLAGS['clutter'] | FLAGS['papers']
    bend = Bend(light=rng.uniform(0.1, 0.6), lift=rng.uniform(0.1, 0.4))
    if chance(rng, 0.3):
        bend.waves.append((rng.choice([0, 1.57]), rng.uniform(0, 6.28), 0.4, rng.normal(0, 0.006)))
    colour, shape = draw_sheet(rng, sheet, quad, props.w, props.h, bend)
    props.shadow(shape, 0.5, 0.006)
    blend(props.img, shape, colour)
    mask = np.zeros((props.h, props.w), np.float32)
    x0, y0, x1, y1 = shape[1]
    mask[y0:y1, x0:x1] = shape[0]
    if flags & FLAGS['clutter'] and chance(rng, 0.15):
        objects.paw(props, quad)
        flags |= FLAGS['covered']
    return mask, quad, flags


def _flat_scene(rng, props, pools):
    """The sheet fills the picture: a scan or a screen shot; nothing to cut out."""
    sheet = vary_sheet(rng, pools.sheets[rng.integers(len(pools.sheets))])
    page = sheet.levels[0]
    if chance(rng, 0.4):
        keep = rng.uniform(0.45, 1)
        y, x = (int(rng.uniform(0, 1 - keep) * n) for n in page.shape[:2])
        page = page[y : y + int(keep * page.shape[0]), x : x + int(keep * page.shape[1])]
    props.img[:] = cv2.resize(page, (props.w, props.h), interpolation=cv2.INTER_AREA)
    if chance(rng, 0.3):
        props.img *= (1 + 0.04 * objects.fractal(rng, props.h, props.w, 4, 3))[..., None]
    corners = np.float32([[0, 0], [props.w, 0], [props.w, props.h], [0, props.h]])
    return np.ones((props.h, props.w), np.float32), corners, FLAGS['flat']


def _draw_scene(rng, pools, desk, harsh):
    """A scene in its true aspect: canvas, mask, corners, class, flags, and how it is lit."""
    pick = rng.random()
    desk = desk or pick > 1 - P_DESK
    upright = rng.choice([1.778, 1.778, 0.5625, 1.333]) if desk else None
    props = _canvas(rng, pools, upright)
    lighting = {}
    if desk:
        kind = PAGE
        mask, quad, flags = _desk_scene(rng, props, pools)
        lighting['office'] = not harsh and not (harsh is None and chance(rng, 0.4))
    elif pick < P_NONE:
        kind, flags = NONE, FLAGS['none']
        places.pageless(props, still.ALL)
        mask, quad = np.zeros((props.h, props.w), np.float32), np.zeros((4, 2), np.float32)
    elif pick < P_NONE + P_FLAT:
        kind = FLAT
        mask, quad, flags = _flat_scene(rng, props, pools)
    else:
        kind = PAGE
        mask, quad, flags = _page_scene(rng, props, pools)
    return props, mask, quad, kind, flags, lighting


def _try_scene(rng, pools, desk, harsh):
    props, mask, quad, kind, flags, lighting = _draw_scene(rng, pools, desk, harsh)
    clean_scan = kind == FLAT and chance(rng, 0.5)
    img = np.clip(props.img, 0, 255) if clean_scan else camera.expose(rng, props.img, **lighting)
    picture = camera.capture(rng, img, SIZE)
    small = cv2.resize(mask, (MASK, MASK), interpolation=cv2.INTER_AREA)
    quad = quad / np.float32([props.w, props.h])
    seen = kind != PAGE or can_be_seen(picture, small, quad)
    return Scene(picture, (small * 255 + 0.5).astype(np.uint8), quad, kind, flags), seen


def make_scene(rng, pools, desk=False, harsh=None):
    """One random scene whose sheet, if it has one, can be made out.

    With desk, always one as in SmartDoc-2015: in office light, or (harsh) in any light, night and
    overexposure among it; harsh=None, as in training, mixes both."""
    for _ in range(TRIES):
        scene, seen = _try_scene(rng, pools, desk, harsh)
        if seen:
            break
    return scene
