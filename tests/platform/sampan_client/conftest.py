import importlib.util
import pathlib
import sys

_path = pathlib.Path(__file__).with_name("fakeserver.py")
_spec = importlib.util.spec_from_file_location("fakeserver", _path)
_module = importlib.util.module_from_spec(_spec)
sys.modules["fakeserver"] = _module  # tests have no packages; this one is shared by the client's tests
_spec.loader.exec_module(_module)
