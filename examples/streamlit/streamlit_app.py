"""Explore the Iris flowers and ask a classifier, in one page."""

import pandas as pd
import streamlit as st
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

st.set_page_config(page_title="Iris explorer", page_icon="🌸", layout="wide")


@st.cache_resource
def load():
    """The flowers and a model fitted to them; once per process."""
    iris = load_iris(as_frame=True)
    return iris, LogisticRegression(max_iter=500).fit(iris.data.to_numpy(), iris.target)


iris, model = load()
names = [str(name) for name in iris.target_names]
columns = list(iris.data.columns)

st.title("Iris explorer")
left, right = st.columns([1, 2], gap="large")

with left:
    st.subheader("A flower")
    flower = [
        st.slider(column, float(iris.data[column].min()), float(iris.data[column].max()), float(iris.data[column].median()))
        for column in columns
    ]
    probabilities = model.predict_proba([flower])[0]
    st.metric("Species", names[int(probabilities.argmax())], f"{probabilities.max():.0%} sure", delta_color="off")

with right:
    st.subheader("Among the others")
    x, y = st.selectbox("Across", columns, index=2), st.selectbox("Up", columns, index=3)
    flowers = iris.data.assign(species=[names[target] for target in iris.target])
    chosen = pd.DataFrame([flower + ["this flower"]], columns=columns + ["species"])
    st.scatter_chart(pd.concat([flowers, chosen]), x=x, y=y, color="species", height=420)
