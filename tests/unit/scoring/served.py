"""A server in this process that speaks the protocols of model servers: to test clients."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import grpc
import numpy as np

from crayfish_scoring.servers.messages import oip_pb2, scoring_pb2, tfserving_pb2, torchserve_pb2

if TYPE_CHECKING:
    from .certificates import Certificate

Answer = Callable[[np.ndarray], np.ndarray]
"""float32[batch, values] -> float32[batch, outputs]"""


def doubled(points: np.ndarray) -> np.ndarray:
    """Two values of each point, twice as large: an answer that shows which point it is for."""
    return points.reshape(len(points), -1)[:, :2] * 2


class Served:
    """What the server does, and what it has seen; a test may change both."""

    def __init__(self, answer: Answer = doubled, values: int = 4) -> None:
        self.answer, self.values = answer, values
        self.calls = 0
        self.names: list[str] = []
        self.code: grpc.StatusCode | None = None
        self.details = "as the test wants it"
        self.delay_s = 0.0
        self.delay_first_s = 0.0
        """Also of a call that fails."""
        self.garbage: bytes | None = None
        """What every scoring call answers, if not its message."""
        self.fails = 10**9
        """How many calls fail with `code`."""
        self.dtype: Any = tfserving_pb2.DT_FLOAT
        self.datatype = "FP32"
        self.signature = "serving_default"
        self.outputs = ["predictions"]
        self.as_list = False
        self.said_input, self.said_output = [-1, 2, 2], [-1, 2]
        """What its metadata says."""
        self.answered: list[int] | None = None
        """The shape that its answers say they have, if not the true one."""
        self.missing_bytes = 0
        """Of HTTP bodies: how many are promised and do not come."""

    def predict(self, name: str, body: bytes, context: grpc.ServicerContext) -> bytes:
        """Bytes of points to bytes of predictions."""
        self.calls += 1
        self.names.append(name)
        time.sleep(self.delay_first_s)
        if self.code is not None and self.calls <= self.fails:
            context.abort(self.code, self.details)
        time.sleep(self.delay_s)
        points = np.frombuffer(body, np.float32).reshape(-1, self.values)
        return self.answer(points).astype(np.float32).tobytes()

    def shape(self, body: bytes) -> list[int]:
        """Of predictions, two a point."""
        return [len(body) // 8, 2] if self.answered is None else self.answered

    def tf_predict(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = tfserving_pb2.PredictRequest.FromString(request)
        tensor = asked.inputs["points"]
        assert asked.model_spec.signature_name == "serving_default"
        assert [dim.size for dim in tensor.tensor_shape.dim][1:] == [2, 2]
        body = self.predict(asked.model_spec.name, tensor.tensor_content, context)
        answer = tfserving_pb2.PredictResponse()
        out = answer.outputs["predictions"]
        out.dtype = tfserving_pb2.DT_FLOAT
        for size in self.shape(body):
            out.tensor_shape.dim.add().size = size
        if self.as_list:
            out.float_val.extend(np.frombuffer(body, np.float32))
        else:
            out.tensor_content = body
        return bytes(answer.SerializeToString())

    def tf_metadata(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = tfserving_pb2.GetModelMetadataRequest.FromString(request)
        signatures = tfserving_pb2.SignatureDefMap()
        signature = signatures.signature_def[self.signature]
        signature.inputs["points"].dtype = self.dtype
        for size in self.said_input:
            signature.inputs["points"].tensor_shape.dim.add().size = size
        for name in self.outputs:
            signature.outputs[name].dtype = tfserving_pb2.DT_FLOAT
            for size in self.said_output:
                signature.outputs[name].tensor_shape.dim.add().size = size
        answer = tfserving_pb2.GetModelMetadataResponse(model_spec=asked.model_spec)
        answer.metadata["signature_def"].Pack(signatures)
        return bytes(answer.SerializeToString())

    def torchserve(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = torchserve_pb2.PredictionsRequest.FromString(request)
        body = self.predict(asked.model_name, asked.input["data"], context)
        return bytes(torchserve_pb2.PredictionResponse(prediction=body).SerializeToString())

    def oip_infer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = oip_pb2.ModelInferRequest.FromString(request)
        (tensor,), (raw,) = asked.inputs, asked.raw_input_contents
        assert (tensor.name, tensor.datatype, list(tensor.shape)[1:]) == ("points", "FP32", [2, 2])
        body = self.predict(asked.model_name, raw, context)
        answer = oip_pb2.ModelInferResponse(model_name=asked.model_name)
        out = answer.outputs.add(name="predictions", datatype="FP32", shape=self.shape(body))
        if self.as_list:
            out.contents.fp32_contents.extend(np.frombuffer(body, np.float32))
        else:
            answer.raw_output_contents.append(body)
        return bytes(answer.SerializeToString())

    def oip_metadata(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        answer = oip_pb2.ModelMetadataResponse()
        answer.inputs.add(name="points", datatype=self.datatype, shape=self.said_input)
        for name in self.outputs:
            answer.outputs.add(name=name, datatype="FP32", shape=self.said_output)
        return bytes(answer.SerializeToString())

    def score(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = scoring_pb2.Points.FromString(request)
        assert asked.batch == len(asked.values) // (4 * self.values)
        name = dict(context.invocation_metadata())["application"]
        body = self.predict(str(name), asked.values, context)
        return bytes(scoring_pb2.Predictions(values=body).SerializeToString())

    def spoilt(self, method: str, answer: Any) -> Any:
        """The same, unless the test wants garbage."""

        def answered(request: bytes, context: grpc.ServicerContext) -> Any:
            garbage = None if method.endswith("Metadata") else self.garbage
            return answer(request, context) if garbage is None else garbage

        return answered

    @property
    def methods(self) -> dict[str, dict[str, Any]]:
        """Service -> method -> what answers it."""
        return {
            "tensorflow.serving.PredictionService": {
                "Predict": self.tf_predict,
                "GetModelMetadata": self.tf_metadata,
            },
            "org.pytorch.serve.grpc.inference.InferenceAPIsService": {
                "Predictions": self.torchserve
            },
            "inference.GRPCInferenceService": {
                "ModelInfer": self.oip_infer,
                "ModelMetadata": self.oip_metadata,
            },
            "crayfish.scoring.Scoring": {"Score": self.score},
        }


@contextmanager
def serving(served: Served, port: int = 0, tls: Certificate | None = None) -> Iterator[int]:
    """Answers on a port of 127.0.0.1."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    for service, methods in served.methods.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(served.spoilt(name, answer))
            for name, answer in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    if tls is None:
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
    else:
        pair = (tls.key.read_bytes(), tls.path.read_bytes())
        bound = server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([pair]))
    server.start()
    try:
        yield bound
    finally:
        server.stop(None).wait()


class HttpError(Exception):
    """In the place of a gRPC context's abort."""


class HttpContext:
    """Says with HTTP's words what a test says with gRPC's."""

    STATUS: ClassVar = {
        grpc.StatusCode.UNAVAILABLE: 503,
        grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
        grpc.StatusCode.INVALID_ARGUMENT: 400,
        grpc.StatusCode.NOT_FOUND: 404,
        grpc.StatusCode.DEADLINE_EXCEEDED: 504,
        grpc.StatusCode.INTERNAL: 502,
        grpc.StatusCode.CANCELLED: 503,
        grpc.StatusCode.UNKNOWN: 500,
    }

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise HttpError(self.STATUS[code], details)


@contextmanager
def serving_http(served: Served, tls: Certificate | None = None) -> Iterator[int]:
    """The same over HTTP: POST /NAME with the points as body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert int(self.headers["Crayfish-Batch"]) == len(body) // (4 * served.values)
            status = 200
            try:
                answer = served.predict(self.path.removeprefix("/"), body, HttpContext())
            except HttpError as error:
                status, answer = error.args[0], error.args[1].encode()
            else:
                answer = answer if served.garbage is None else served.garbage
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer) + served.missing_bytes))
            self.end_headers()
            self.wfile.write(answer)
            self.close_connection = bool(served.missing_bytes)

        def handle(self) -> None:
            with suppress(ConnectionError):  # a client that was late has gone
                super().handle()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        def get_request(self) -> Any:
            connection, address = super().get_request()
            if tls is None:
                return connection, address
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.path, tls.key)
            # The handshake is the handler's thread's: here it would keep the others waiting.
            wrapped = context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
            return wrapped, address

        def handle_error(self, *_: Any) -> None:
            """A client that refuses the certificate."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
