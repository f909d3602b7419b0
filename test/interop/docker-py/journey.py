"""What programs do with docker-py, and testing tools above it; fails by an assertion."""
import io
import sys
import tarfile
import threading
import time

import docker
from docker.errors import APIError, BuildError, ContainerError, ImageNotFound, NotFound
from docker.types import LogConfig, Mount, Ulimit

client = docker.from_env(timeout=60)
assert client.ping()
assert client.version()["Os"] == "linux"
assert client.info()["OSType"] == "linux"

# images
with open(sys.argv[1], "rb") as tar:
    client.api.import_image_from_data(tar.read(), repository="py/base", tag="1", changes=['CMD ["sh"]', "ENV PATH=/bin"])
base = client.images.get("py/base:1")
assert base.tags == ["py/base:1"] and base.attrs["Config"]["Cmd"] == ["sh"]
image, log = client.images.build(
    fileobj=io.BytesIO(b"FROM py/base:1\nARG WHO=x\nRUN echo $WHO > /who\nLABEL a=b\nCMD cat /who\n"),
    tag="py/built:1", buildargs={"WHO": "me"}, rm=True,
)
assert image.labels == {"a": "b"} and any("Successfully built" in str(line) for line in log)
try:
    client.images.build(fileobj=io.BytesIO(b"FROM py/base:1\nRUN exit 3\n"))
    raise AssertionError("the build did not fail")
except BuildError as error:
    assert "returned a non-zero code: 3" in str(error), error
assert image.tag("py/other", "2") and "py/other:2" in client.images.get("py/built:1").tags
saved = io.BytesIO(b"".join(image.save(named=True)))
client.images.remove("py/other:2")
assert [loaded.id for loaded in client.images.load(saved.getvalue())] == [image.id]
assert image.history()[0]["Id"] == image.id
try:
    client.images.get("py/none:1")
    raise AssertionError("there is such an image")
except ImageNotFound:
    pass

# run: output, codes, streams
assert client.containers.run("py/built:1", remove=True) == b"me\n"
try:
    client.containers.run("py/base:1", ["sh", "-c", "echo no >&2; exit 7"], remove=True)
    raise AssertionError("the run did not fail")
except ContainerError as error:
    assert error.exit_status == 7 and error.stderr == b"no\n", error

events = []
stream = client.events(decode=True, filters={"type": "container", "label": "journey"})
threading.Thread(target=lambda: events.extend(event["Action"] for event in stream), daemon=True).start()
time.sleep(0.3)

network = client.networks.create("py-net", driver="bridge", labels={"journey": "1"})
volume = client.volumes.create("py-volume", labels={"journey": "1"})
box = client.containers.run(
    "py/base:1", ["sh", "-c", "while true; do echo tick; sleep 0.2; done"], detach=True, name="py-box", labels={"journey": "1"},
    environment={"A": "1"}, ports={"80/tcp": ("127.0.0.1", None)}, volumes={"py-volume": {"bind": "/v", "mode": "rw"}},
    mounts=[Mount("/t", None, type="tmpfs")], mem_limit="64m", ulimits=[Ulimit(name="nofile", soft=100, hard=100)],
    network="py-net", extra_hosts={"other": "10.1.2.3"}, log_config=LogConfig(type="json-file", config={"max-size": "1m"}), init=False,
)
box.reload()
assert box.status == "running" and box.attrs["HostConfig"]["Memory"] == 64 * 1024 * 1024
assert int(box.ports["80/tcp"][0]["HostPort"]) > 0
followed = box.logs(stream=True, follow=True)
assert next(followed).startswith(b"tick")
code, output = box.exec_run(["sh", "-c", "echo $A; echo err >&2; exit 4"], demux=True, environment={"B": "2"})
assert (code, output) == (4, (b"1\n", b"err\n")), (code, output)
assert box.exec_run("ls /t /v").exit_code == 0
created = client.api.exec_create(box.id, "cat", stdin=True)["Id"]
socket = client.api.exec_start(created, socket=True)
socket._sock.sendall(b"through\n")
assert b"through" in socket.read(64)
socket.close()

# files
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w") as tar:
    entry = tarfile.TarInfo("put/file.txt")
    entry.size = 5
    tar.addfile(entry, io.BytesIO(b"hello"))
assert box.put_archive("/root", archive.getvalue())
bits, stat = box.get_archive("/root/put/file.txt")
assert stat["name"] == "file.txt" and stat["size"] == 5
with tarfile.open(fileobj=io.BytesIO(b"".join(bits))) as tar:
    assert tar.extractfile("file.txt").read() == b"hello"
assert {"Path": "/root/put/file.txt", "Kind": 1} in box.diff()
try:
    box.get_archive("/none")
    raise AssertionError("there is such a file")
except NotFound:
    pass

# state
stats = box.stats(stream=False)
assert stats["memory_stats"]["usage"] > 0 and stats["name"] == "/py-box"
assert any("sleep" in " ".join(row) or "sh" in " ".join(row) for row in box.top()["Processes"])
box.pause(); box.reload(); assert box.status == "paused"
box.unpause()
box.rename("py-renamed"); box.reload(); assert box.name == "py-renamed"
box.update(mem_limit="80m", memswap_limit="160m")
assert [c.id for c in client.containers.list(filters={"label": "journey=1", "status": "running"})] == [box.id]
client.networks.get("py-net").reload()
assert [c.id for c in client.networks.get("py-net").containers] == [box.id]
copy = box.commit("py/committed", "1", conf={"Env": ["C=3"]})
assert "C=3" in copy.attrs["Config"]["Env"]
try:
    client.containers.create("py/base:1", name="py-renamed")
    raise AssertionError("the name was given twice")
except APIError as error:
    assert error.status_code == 409
try:
    box.remove()
    raise AssertionError("a running container was removed")
except APIError as error:
    assert error.status_code == 409
box.stop(timeout=1)
assert box.wait()["StatusCode"] in (137, 143)
box.restart(timeout=0); box.kill(); box.wait()
assert b"tick" in box.logs(tail=3) and box.logs(timestamps=True).startswith(b"20")
box.remove(v=True)
network.remove()
volume.remove()
assert client.containers.list(all=True) == []
assert client.containers.prune()["SpaceReclaimed"] == 0
for tag in ("py/committed:1", "py/built:1"):
    client.images.remove(tag)
assert client.df()["LayersSize"] > 0
for _ in range(50):
    if "destroy" in events:
        break
    time.sleep(0.1)
for action in ("create", "start", "pause", "unpause", "rename", "die", "stop", "destroy"):
    assert action in events, (action, events)
print("whole")
