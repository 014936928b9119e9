"""Renders the digits of openly licensed fonts: digits28.npz with x uint8 [N,28,28] and y uint8 [N].

Takes the faces of every installed Debian package fonts-* but those of NOT_USED. The faces which the network of this
repository was trained on are under the SIL Open Font License, Apache-2.0, BSD, the Bitstream Vera licence, the GUST
Font License, or in the public domain (CC0 included).
"""

import argparse
import subprocess

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Parts of package names. Among these are the packages under the GPL family and under vendors' own licences: none of
# them may enter the data.
NOT_USED = (
    "adf", "freefont", "urw-base35", "arphic", "ipa", "wqy", "nanum", "indic", "roboto-unhinted", "liberation",
)
DIGITS = "0123456789"
NOT_A_CHARACTER = "\ufffe"  # shows the box a face draws for what it lacks


def font_files():
    """(package, file) of each face that may be used."""
    query = ["dpkg-query", "-W", "-f", "${Package}\\n", "fonts-*"]
    packages = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()
    found = []
    for package in packages:
        if any(part in package for part in NOT_USED):
            continue
        listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False).stdout
        found += [(package, file) for file in listed.split("\n") if file.endswith((".ttf", ".otf"))]
    return sorted(found)


def draw(font, character, size):
    """The character in white at the middle of a black square, or None if there is next to nothing to see."""
    image = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = pen.textbbox((0, 0), character, font=font)
    width, height = right - left, bottom - top
    if width < 4 or height < 10:
        return None
    pen.text(((size - width) / 2 - left, (size - height) / 2 - top), character, fill=255, font=font)
    return image


def edge_brightness(image):
    pixels = np.asarray(image)
    parts = (pixels[:8], pixels[-8:], pixels[:, :8], pixels[:, -8:])
    return np.concatenate([part.ravel() for part in parts]).mean()


def digits_of(file, size):
    """Ten images, or None where the face lacks digits, repeats one, or draws them framed, too faint or too heavy."""
    try:
        font = ImageFont.truetype(file, int(size * 0.95))
    except OSError:
        return None
    glyphs = [draw(font, character, size) for character in DIGITS]
    if any(glyph is None for glyph in glyphs):
        return None
    drawings = [glyph.tobytes() for glyph in glyphs]
    box = draw(font, NOT_A_CHARACTER, size)
    if len(set(drawings)) < 10 or (box is not None and box.tobytes() in drawings):
        return None
    if any(not 4 <= np.asarray(glyph).mean() <= 110 for glyph in glyphs):
        return None
    if np.mean([edge_brightness(glyph) for glyph in glyphs]) > 1:
        return None
    return glyphs


def vary(glyph, angle, shear, scale, shift, size):
    """The glyph turned, sheared, scaled and moved, reduced to size x size."""
    large = glyph.size[0]
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    matrix = np.array([[cos, sin + shear], [-sin, cos]])
    middle = np.array([large / 2, large / 2])
    offset = middle - matrix @ (middle + shift)
    coefficients = (matrix[0, 0], matrix[0, 1], offset[0], matrix[1, 0], matrix[1, 1], offset[1])
    moved = glyph.transform((large, large), Image.AFFINE, coefficients, resample=Image.BILINEAR)
    return np.asarray(moved.resize((size, size), Image.BOX))


def render(size, variants, seed):
    """Images and labels; the 10*variants images of one face follow each other."""
    rng = np.random.default_rng(seed)
    large = 4 * size
    images, labels, seen = [], [], set()
    for _, file in font_files():
        glyphs = digits_of(file, large)
        if glyphs is None:
            continue
        drawing = tuple(glyph.tobytes() for glyph in glyphs)
        if drawing in seen:
            continue
        seen.add(drawing)
        for _ in range(variants):
            angle = np.deg2rad(rng.normal(0, 4.0))
            shear = rng.normal(0, 0.06)
            scale = rng.uniform(0.82, 1.08)
            for digit, glyph in enumerate(glyphs):
                shift = rng.uniform(-0.05, 0.05, 2) * large
                images.append(vary(glyph, angle, shear, scale, shift, size))
                labels.append(digit)
    return np.stack(images), np.array(labels, np.uint8), len(seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=28, help="height and width of an image")
    parser.add_argument("--variants", type=int, default=6, help="variants of each face")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="digits28.npz")
    args = parser.parse_args()
    images, labels, faces = render(args.size, args.variants, args.seed)
    np.savez_compressed(args.out, x=images, y=labels)
    print(f"{faces} faces, {len(images)} images, mean brightness {images.mean() / 255:.4f}")


if __name__ == "__main__":
    main()
