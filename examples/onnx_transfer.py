"""The source's expression on a photograph, by a file of `fet export --format onnx` (docs/onnx.md).

python examples/onnx_transfer.py MODEL.onnx PHOTO.jpg ITS_POINTS.txt SOURCE_POINTS.txt OUT.png"""

import json
import sys

import cv2
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
how = json.loads(session.get_modelmeta().custom_metadata_map["alignment"])
photo, points, source = cv2.imread(sys.argv[2]), *map(np.loadtxt, sys.argv[3:5])
# The aligned face: its eyes, as complex numbers, come to lie where the training had them.
right, left = (points[corners].mean(axis=0) @ (1, 1j) for corners in ([36, 39], [42, 45]))
side, wide = session.get_inputs()[0].shape[3], 1.5 * abs(left - right) / how["eye_distance"]
side = side if isinstance(side, int) else max(how["size"], min(int(np.ceil(wide)), 2048))
turn = how["eye_distance"] * side / (left - right)
shift = complex((side - 1) / 2, how["eye_height"] * side - 0.5) - turn * (right + left) / 2
matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
cubic, beyond, back = cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101, cv2.invertAffineTransform(matrix)
face = cv2.warpAffine(photo, matrix, (side, side), None, cubic, beyond)[:, :, ::-1] / 127.5 - 1
target = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
given = {"picture": face.transpose(2, 0, 1), "target": target, "source": source}
given = {name: value.astype(np.float32)[None] for name, value in given.items()}
moved, painted, wanted = session.run(None, given | {"intensity": np.ones(1, np.float32)})
# Paint on the face alone: within the hull of both sets of points and of the forehead.
both = np.concatenate([target, wanted[0]])
both = np.concatenate([both, both[[*range(17, 27), *range(85, 95)]] - (0, 0.12 * side)])
hull = np.rint(cv2.convexHull(((both + 0.5) * 128 / side - 0.5).astype(np.float32)))
mask = cv2.GaussianBlur(cv2.fillConvexPoly(np.zeros((128, 128)), hull.astype(int), 1), (0, 0), 2.5)
made = np.clip(moved + cv2.resize(mask, (side, side)) * (painted - moved), -1, 1)[0, ::-1]
made = np.rint((made.transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8)
# Back into the photograph, fading in from 2% of the side within its border to 9%.
rise = np.clip(((np.minimum(range(side), range(side)[::-1]) + 0.5) / side - 0.02) / 0.07, 0, 1)
soft = np.outer(rise**2 * (3 - 2 * rise), rise**2 * (3 - 2 * rise))
drawn = cv2.warpAffine(made, back, photo.shape[1::-1], None, cubic, beyond)
share = cv2.warpAffine(soft, back, photo.shape[1::-1])[:, :, None]
cv2.imwrite(sys.argv[5], np.rint(photo + share * (drawn - photo.astype(float))).astype(np.uint8))
