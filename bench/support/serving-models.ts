/** Models that both sides serve, with a row that each takes. */
export const MODELS = [
  { name: 'iris', title: 'scikit-learn, iris', file: 'iris.pkl', row: [5.1, 3.5, 1.4, 0.2] },
  { name: 'forest', title: 'scikit-learn, forest of 100', file: 'forest.pkl', row: [5.1, 3.5, 1.4, 0.2] },
  {
    name: 'network',
    title: 'ONNX, network 64-512-512-10',
    file: 'network.onnx',
    row: Array.from({ length: 64 }, (_, i) => i / 64),
  },
] as const;

/** Writes them. */
export const WRITE_MODELS = String.raw`
import pickle
import numpy
from onnx import TensorProto, helper, numpy_helper, save
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

x, y = load_iris(return_X_y=True)
for name, model in (('iris', LogisticRegression(max_iter=1000)), ('forest', RandomForestClassifier(100, random_state=0))):
    with open(name + '.pkl', 'wb') as target:
        pickle.dump(model.fit(x, y), target)

random = numpy.random.default_rng(0)
sizes, nodes, weights, last = (64, 512, 512, 10), [], [], 'features'
for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
    weights += [
        numpy_helper.from_array(random.normal(0, a ** -0.5, (a, b)).astype('float32'), 'w%d' % i),
        numpy_helper.from_array(numpy.zeros(b, 'float32'), 'b%d' % i),
    ]
    end = 'output' if b == 10 else 'h%d' % i
    nodes.append(helper.make_node('Gemm', [last, 'w%d' % i, 'b%d' % i], [end if b == 10 else 'g%d' % i]))
    if b != 10:
        nodes.append(helper.make_node('Relu', ['g%d' % i], [end]))
    last = end
value = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ['rows', width])
graph = helper.make_graph(nodes, 'network', [value('features', 64)], [value('output', 10)], weights)
save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8), 'network.onnx')
`;

/** What both sides call. */
export const MODEL_CODE = String.raw`
import os
import pickle

import numpy

FILE = os.environ['MODEL']
if FILE.endswith('.onnx'):
    import onnxruntime

    session = onnxruntime.InferenceSession(FILE)

    def ask(row):
        return session.run(None, {'features': numpy.asarray([row], dtype='float32')})[0][0].tolist()

else:
    with open(FILE, 'rb') as source:
        model = pickle.load(source)

    def ask(row):
        return model.predict([row])[0].item()
`;

/** In FastAPI, as its documentation has it: a model of pydantic, and a plain function. */
export const APP_OF_PEER = String.raw`
from typing import List

from fastapi import FastAPI
from pydantic import BaseModel

from model import ask


class Row(BaseModel):
    features: List[float]


app = FastAPI()


@app.post('/predictions')
def predict(row: Row):
    return {'prediction': ask(row.features)}
`;

/** For the serving runtime. */
export const HANDLER = String.raw`
from typing import List

from model import ask


def predict(features: List[float]):
    return ask(features)
`;
