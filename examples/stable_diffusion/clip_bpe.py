"""CLIP's tokens, written for this repository from the description of byte pair encoding: for record.py, against which the
C++ is tested, and to make the vocabulary of the miniature models."""

import json
import unicodedata

START, END = "<|startoftext|>", "<|endoftext|>"


def byte_letters():
    """A printable character for each byte: itself where it is one, else one from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, free = {}, 256
    for byte in range(256):
        if byte in printable:
            letters[byte] = chr(byte)
        else:
            letters[byte] = chr(free)
            free += 1
    return printable + [b for b in range(256) if b not in printable], letters


ORDER, LETTERS = byte_letters()


def kind(c):
    return "L" if unicodedata.category(c)[0] == "L" else "N" if unicodedata.category(c)[0] == "N" else "P"


def words(text):
    """Special tokens, contractions, runs of letters, single digits, runs of what is neither nor space."""
    text = " ".join(text.split()).lower()
    found, at = [], 0
    while at < len(text):
        special = next((s for s in (START, END) if text.startswith(s, at)), None)
        short = next((s for s in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d") if text.startswith(s, at)), None)
        if text[at] == " ":
            at += 1
            continue
        end = at + 1
        if special or short:
            end = at + len(special or short)
        elif kind(text[at]) == "L":
            while end < len(text) and kind(text[end]) == "L":
                end += 1
        elif kind(text[at]) == "P":
            while end < len(text) and kind(text[end]) == "P" and text[end] != " ":
                end += 1
        found.append(text[at:end])
        at = end
    return found


def spelt(word):
    letters = [LETTERS[b] for b in word.encode("utf-8")]
    return [*letters[:-1], letters[-1] + "</w>"]


def joined(parts, pair):
    out = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] += part
        else:
            out.append(part)
    return out


def learn(text, count):
    """Merges of the most frequent neighbours, one after the other."""
    frequencies = {}
    for word in words(text):
        frequencies[word] = frequencies.get(word, 0) + 1
    parts = {word: spelt(word) for word in frequencies}
    merges = []
    for _ in range(count):
        pairs = {}
        for word, split in parts.items():
            for pair in zip(split, split[1:]):
                pairs[pair] = pairs.get(pair, 0) + frequencies[word]
        best = max(pairs, key=lambda pair: (pairs[pair], pair), default=None)
        if best is None or pairs[best] < 2:
            break
        merges.append(best)
        parts = {word: joined(split, best) for word, split in parts.items()}
    return merges


def vocabulary(merges):
    symbols = [LETTERS[b] for b in ORDER]
    symbols += [s + "</w>" for s in symbols] + ["".join(pair) for pair in merges] + [START, END]
    return {symbol: i for i, symbol in enumerate(symbols)}


class Tokenizer:
    def __init__(self, folder, length=77, pad=END):
        with open(f"{folder}/vocab.json", encoding="utf-8") as file:
            self.ids = json.load(file)
        with open(f"{folder}/merges.txt", encoding="utf-8") as file:
            lines = file.read().split("\n")[1:]
        self.ranks = {tuple(line.split()): i for i, line in enumerate(lines) if line}
        self.length, self.pad = length, pad

    def tokens(self, text):
        out = []
        for word in words(text):
            if word in (START, END):
                out.append(self.ids[word])
                continue
            parts = spelt(word)
            while True:
                known = [p for p in zip(parts, parts[1:]) if p in self.ranks]
                if not known:
                    break
                # As everywhere, the best pair is joined wherever it stands, from the left.
                parts = joined(parts, min(known, key=self.ranks.get))
            out += [self.ids[part] for part in parts]
        return out

    def __call__(self, text):
        ids = [self.ids[START], *self.tokens(text), self.ids[END]]
        if len(ids) > self.length:
            raise ValueError(f"{len(ids)} tokens of {self.length}")
        return ids + [self.ids[self.pad]] * (self.length - len(ids))
