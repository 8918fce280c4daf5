"""rembg as a contestant of `clearcut bench --peer rembg`.

usage: python rembg_peer.py MODEL     (clearcut starts it)

Answers lines on standard output: first `ready NAME<tab>DEVICE`, then for every path that comes in
on standard input `ms DECODE PREPARE INFER MASK ENCODE TOTAL`, or `error TEXT`. The session's own
functions are timed from outside; nothing of rembg is changed or left out."""

import io
import os
import sys
import time


class Clock:
    """Milliseconds spent inside one function of rembg."""

    def __init__(self, function):
        self.function, self.spent = function, 0.0

    def __call__(self, *args, **kwargs):
        begin = time.perf_counter()
        try:
            return self.function(*args, **kwargs)
        finally:
            self.spent += 1e3 * (time.perf_counter() - begin)


class TimedSession:
    """Stands in front of ONNX Runtime's session."""

    def __init__(self, session):
        self.session, self.run = session, Clock(session.run)

    def __getattr__(self, name):
        return getattr(self.session, name)


def open_session(model):
    from rembg import new_session

    if os.path.sep in model or model.endswith('.onnx'):
        session = new_session('u2net_custom', model_path=model)
    else:
        session = new_session(model)
    session.normalize = Clock(session.normalize)
    session.inner_session = TimedSession(session.inner_session)
    return session


def cut(session, path):
    """Milliseconds of one picture, from the file's bytes to the PNG's."""
    from PIL import Image
    from rembg import remove

    session.normalize.spent = session.inner_session.run.spent = 0.0
    begin = time.perf_counter()
    picture = Image.open(path)
    picture.load()
    decoded = time.perf_counter()
    result = remove(picture, session=session)
    removed = time.perf_counter()
    result.save(io.BytesIO(), 'PNG')
    end = time.perf_counter()
    prepare, infer = session.normalize.spent, session.inner_session.run.spent
    mask = 1e3 * (removed - decoded) - prepare - infer
    return (1e3 * (decoded - begin), prepare, infer, mask, 1e3 * (end - removed),
            1e3 * (end - begin))


def describe(session):
    from importlib.metadata import version

    import onnxruntime

    providers = ' '.join(session.inner_session.get_providers())
    return 'rembg %s\tonnxruntime %s, session lists %s' % (
        version('rembg'), onnxruntime.__version__, providers)


def one_line(error):
    return ' '.join(str(error).split())[:250] or type(error).__name__


def main():
    answers = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)  # what libraries print must not be taken for answers
    try:
        session = open_session(sys.argv[1])
        print('ready ' + describe(session), file=answers)
    except Exception as error:  # whatever it is, the parent tells it
        print('error ' + one_line(error), file=answers)
        return
    for line in sys.stdin:
        try:
            print('ms ' + ' '.join('%.4f' % t for t in cut(session, line.rstrip('\n'))),
                  file=answers)
        except Exception as error:
            print('error ' + one_line(error), file=answers)


if __name__ == '__main__':
    main()
