"use strict";

// Coordinates out of packed text: see pack and pack_shapes in Python.
function ecoUnpack(data) {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%*+,-.;?_";
  const scale = Math.pow(10, data.sharp);

  // Five bits a sign, zigzag.
  function unpack(text) {
    const value = new Int8Array(128);
    for (let i = 0; i < 64; i++) value[ALPHABET.charCodeAt(i)] = i;
    const out = [];
    let number = 0, factor = 1;
    for (let i = 0; i < text.length; i++) {
      const digit = value[text.charCodeAt(i)];
      number += (digit & 31) * factor;
      if (digit < 32) {
        out.push(number % 2 ? -(number + 1) / 2 : number / 2);
        number = 0;
        factor = 1;
      } else factor *= 32;
    }
    return out;
  }

  function reader(text) {
    const stream = unpack(text);
    let at = 0, x = 0, y = 0;
    return {
      next: () => stream[at++],
      point: () => { x += stream[at++]; y += stream[at++]; return [y / scale, x / scale]; },
    };
  }

  function readPoints(layer) {
    const source = reader(layer.points);
    return Array.from({ length: layer.rows }, () => source.point());
  }

  // Each row becomes a list of polygons, a single point, or null.
  function readShapes(layer) {
    const source = reader(layer.shapes);
    return Array.from({ length: layer.rows }, () => {
      const parts = source.next();
      if (parts < 0) return null;
      if (parts === 0) return { point: source.point() };
      return { parts: Array.from({ length: parts }, () =>
        Array.from({ length: source.next() }, () =>
          Array.from({ length: source.next() }, source.point))) };
    });
  }

  return { readPoints: readPoints, readShapes: readShapes };
}
