"""A server that answers as MLflow 3.17 does, as far as a mirror asks; its failures are made to order.

What it says was taken from a real one, and the tests of the mirror run against both.
"""

import json
import posixpath
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qsl, urlsplit

NAME = re.compile(r"^[/\w.\- :]*$")
FILTER = re.compile(
    r"(?:name = '(?P<name>[^']+)')?(?: and )?(?:tags?\.`(?P<key>[^`]+)` = '(?P<value>[^']+)')?"
)
PAGE = 7  # versions an answer, however many are asked for


class Refusal(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.body = {"error_code": code, "message": message}


def missing(what):
    return Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"{what} not found")


def invalid(what):
    return Refusal(400, "INVALID_PARAMETER_VALUE", what)


class StandIn:
    """Listens on this machine. `asked` has every request; `before(method, path, body)` may raise, or wait."""

    def __init__(self):
        self.asked = []
        self.before = lambda *_: None
        self.models, self.experiments, self.runs = {}, {}, {}
        self._ids = count(1)
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                parts = urlsplit(self.path)
                path = parts.path.removeprefix("/api/2.0/mlflow/")
                try:
                    status, said = 200, stand_in.told(self, path, {**dict(parse_qsl(parts.query)), **body})
                except Refusal as refusal:
                    status, said = refusal.status, refusal.body
                except ConnectionAbortedError:
                    self.close_connection = True
                    return
                content = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def written(self):
        """The requests that changed something."""
        return [path for method, path, _ in self.asked if method != "GET" and not path.endswith("search")]

    def told(self, handler, path, body):
        self.headers = dict(handler.headers)
        self.asked.append((handler.command, path, body))
        self.before(handler.command, path, body)
        do = getattr(self, f"{handler.command.lower()}_{re.sub(r'[/-]', '_', path)}", None)
        if do is None:
            raise missing(path)
        with self._lock:
            return do(body)

    # --- registered models ----------------------------------------------------------------------

    def post_registered_models_create(self, body):
        if body["name"] in self.models:
            raise Refusal(
                400, "RESOURCE_ALREADY_EXISTS", f"Registered Model (name={body['name']}) already exists."
            )
        self.models[body["name"]] = {"tags": tags(body), "aliases": {}, "versions": {}, "next": 1}
        return {"registered_model": {"name": body["name"]}}

    def get_registered_models_get(self, body):
        model = self.model(body)
        aliases = [{"alias": name, "version": str(number)} for name, number in model["aliases"].items()]
        found = {"name": body["name"], "tags": pairs(model["tags"])}
        return {"registered_model": {**found, **({"aliases": aliases} if aliases else {})}}

    def post_registered_models_set_tag(self, body):
        self.model(body)["tags"][body["key"]] = body["value"]
        return {}

    def post_registered_models_alias(self, body):
        self.version(body)
        self.model(body)["aliases"][body["alias"]] = int(body["version"])
        return {}

    def delete_registered_models_alias(self, body):
        self.model(body)["aliases"].pop(body["alias"], None)
        return {}

    def model(self, body):
        if body["name"] not in self.models:
            raise missing(f"Registered Model with name={body['name']}")
        return self.models[body["name"]]

    def version(self, body):
        found = self.model(body)["versions"].get(int(body["version"]))
        if found is None:
            raise missing(f"Model Version (name={body['name']}, version={body['version']})")
        return found

    # --- versions -------------------------------------------------------------------------------

    def post_model_versions_create(self, body):
        if urlsplit(body["source"]).scheme in ("", "file", "http", "https"):
            raise invalid(f"Invalid model version source: '{body['source']}'.")
        model = self.model(body)
        number = model["next"]
        model["next"] += 1
        model["versions"][number] = {**body, "version": str(number), "tags": tags(body)}
        return {"model_version": {"version": str(number)}}

    def get_model_versions_search(self, body):
        asked = FILTER.fullmatch(body["filter"])
        model = self.models.get(asked["name"], {"versions": {}})
        found = [
            {**version, "tags": pairs(version["tags"])}
            for _, version in sorted(model["versions"].items(), reverse=True)
            if asked["key"] is None or version["tags"].get(asked["key"]) == asked["value"]
        ]
        start = int(body.get("page_token", 0))
        more = {"next_page_token": str(start + PAGE)} if len(found) > start + PAGE else {}
        return {"model_versions": found[start : start + PAGE], **more}

    def post_model_versions_set_tag(self, body):
        self.version(body)["tags"][body["key"]] = body["value"]
        return {}

    def delete_model_versions_delete(self, body):
        self.version(body)
        model, number = self.model(body), int(body["version"])
        del model["versions"][number]
        model["aliases"] = {name: at for name, at in model["aliases"].items() if at != number}
        return {}

    # --- runs -----------------------------------------------------------------------------------

    def post_experiments_create(self, body):
        if body["name"] in self.experiments:
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Experiment(name={body['name']}) already exists.")
        self.experiments[body["name"]] = {"experiment_id": str(next(self._ids)), "tags": body.get("tags", [])}
        return {"experiment_id": self.experiments[body["name"]]["experiment_id"]}

    def get_experiments_get_by_name(self, body):
        if body["experiment_name"] not in self.experiments:
            raise missing(f"experiment {body['experiment_name']}")
        return {"experiment": self.experiments[body["experiment_name"]]}

    def post_runs_create(self, body):
        run_id = f"{next(self._ids):032x}"
        run = {"tags": tags(body), "params": {}, "metrics": {}, "status": "RUNNING", "lifecycle": "active"}
        self.runs[run_id] = {**run, "experiment_id": body["experiment_id"], "run_name": body["run_name"]}
        return {"run": {"info": {"run_id": run_id}}}

    def post_runs_search(self, body):
        asked = FILTER.fullmatch(body["filter"])
        found = [
            {"info": {"run_id": run_id}}
            for run_id, run in self.runs.items()
            if run["lifecycle"] == "active"
            and run["experiment_id"] in body["experiment_ids"]
            and run["tags"].get(asked["key"]) == asked["value"]
        ]
        return {"runs": found[: body["max_results"]]} if found else {}

    def post_runs_log_batch(self, body):
        run = self.runs[body["run_id"]]
        things = {kind: body.get(kind, []) for kind in ("params", "metrics", "tags")}
        for thing in (item for items in things.values() for item in items):
            name = thing["key"]
            if not NAME.match(name) or posixpath.normpath(name) != name or name[0] in "./" or len(name) > 250:
                raise invalid(f"Invalid value {name!r}")
        if len(things["params"]) > 100 or len(things["tags"]) > 100 or sum(map(len, things.values())) > 1000:
            raise invalid("A batch logging request can contain at most")
        for item in things["params"]:
            if run["params"].setdefault(item["key"], item["value"]) != item["value"]:
                raise invalid("Changing param values is not allowed.")
        run["tags"] |= tags(body)
        for item in things["metrics"]:  # protobuf reads text as a number that is none, and Python's NaN as 0
            text = isinstance(item["value"], str)
            run["metrics"][item["key"]] = (
                float(item["value"]) if text or item["value"] == item["value"] else 0.0
            )
        return {}

    def post_runs_update(self, body):
        self.runs[body["run_id"]]["status"] = body["status"]
        return {}

    def post_runs_set_tag(self, body):
        self.runs[body["run_id"]]["tags"][body["key"]] = body["value"]
        return {}

    def post_runs_delete(self, body):
        self.runs[body["run_id"]]["lifecycle"] = "deleted"
        return {}

    # --- as the real one is looked at -----------------------------------------------------------

    def get_model_versions_get(self, body):
        version = self.version(body)
        return {"model_version": {**version, "tags": pairs(version["tags"])}}

    def get_runs_get(self, body):
        run = self.runs[body["run_id"]]
        data = {kind: pairs(run[kind]) for kind in ("tags", "params", "metrics")}
        for item in data["metrics"]:
            item["value"] = item["value"] if item["value"] == item["value"] else "NaN"
        info = {"status": run["status"], "run_name": run["run_name"], "lifecycle_stage": run["lifecycle"]}
        return {"run": {"info": info, "data": data}}


def tags(body):
    return {pair["key"]: pair["value"] for pair in body.get("tags", [])}


def pairs(mapping):
    return [{"key": key, "value": value} for key, value in mapping.items()]
