/**
 * Import names (dotted where one name alone belongs to several) by their distribution, those of the same name among them where people ask for it.
 * Source: the index pages of each, 2026-11. Of several distributions with one import name the one for servers is named: headless, for the CPU, with wheels.
 */
export const DISTRIBUTION_OF_IMPORT: Readonly<Record<string, string>> = {
  // machine learning
  sklearn: 'scikit-learn', skimage: 'scikit-image', skopt: 'scikit-optimize', sksurv: 'scikit-survival', sktime: 'sktime', imblearn: 'imbalanced-learn', umap: 'umap-learn', faiss: 'faiss-cpu',
  sentence_transformers: 'sentence-transformers', pytorch_lightning: 'pytorch-lightning', lightning: 'lightning', lightning_fabric: 'lightning-fabric', torch_geometric: 'torch-geometric',
  torch_scatter: 'torch-scatter', torch_sparse: 'torch-sparse', torch_cluster: 'torch-cluster', segmentation_models_pytorch: 'segmentation-models-pytorch', efficientnet_pytorch: 'efficientnet-pytorch',
  pytorch_metric_learning: 'pytorch-metric-learning', pytorch_forecasting: 'pytorch-forecasting', pytorch_tabnet: 'pytorch-tabnet', pl_bolts: 'lightning-bolts', torch_audiomentations: 'torch-audiomentations',
  open_clip: 'open-clip-torch', clip: 'openai-clip', whisper: 'openai-whisper', faster_whisper: 'faster-whisper', whisperx: 'whisperx', TTS: 'coqui-tts', easyocr: 'easyocr', paddleocr: 'paddleocr', paddle: 'paddlepaddle',
  detectron2: 'detectron2', mmcv: 'mmcv', mmdet: 'mmdet', mmseg: 'mmsegmentation', mmpose: 'mmpose', mmengine: 'mmengine', ultralytics: 'ultralytics', yolov5: 'yolov5', supervision: 'supervision', albumentations: 'albumentations',
  tensorflow_hub: 'tensorflow-hub', tensorflow_text: 'tensorflow-text', tensorflow_datasets: 'tensorflow-datasets', tensorflow_addons: 'tensorflow-addons', tensorflow_probability: 'tensorflow-probability',
  tensorflow_model_optimization: 'tensorflow-model-optimization', tensorflow_decision_forests: 'tensorflow-decision-forests', tflite_runtime: 'tflite-runtime', ai_edge_litert: 'ai-edge-litert', tf_keras: 'tf-keras',
  tensorboardX: 'tensorboardx', keras_tuner: 'keras-tuner', kerastuner: 'keras-tuner', keras_cv: 'keras-cv', keras_nlp: 'keras-nlp', keras_preprocessing: 'keras-preprocessing', keras_applications: 'keras-applications',
  flax: 'flax', optax: 'optax', haiku: 'dm-haiku', jaxlib: 'jaxlib', chex: 'chex', orbax: 'orbax-checkpoint', equinox: 'equinox', numpyro: 'numpyro', pyro: 'pyro-ppl', pymc3: 'pymc3', arviz: 'arviz', stan: 'pystan',
  skl2onnx: 'skl2onnx', onnxmltools: 'onnxmltools', tf2onnx: 'tf2onnx', onnxruntime: 'onnxruntime', onnxconverter_common: 'onnxconverter-common', winmltools: 'winmltools', hummingbird: 'hummingbird-ml',
  huggingface_hub: 'huggingface-hub', hf_transfer: 'hf-transfer', bitsandbytes: 'bitsandbytes', flash_attn: 'flash-attn', auto_gptq: 'auto-gptq', awq: 'autoawq', llama_cpp: 'llama-cpp-python', ctransformers: 'ctransformers',
  vllm: 'vllm', text_generation: 'text-generation', sentencepiece: 'sentencepiece', tiktoken: 'tiktoken', sacrebleu: 'sacrebleu', rouge_score: 'rouge-score', rouge: 'rouge', bert_score: 'bert-score', seqeval: 'seqeval',
  evaluate: 'evaluate', datasets: 'datasets', peft: 'peft', trl: 'trl', accelerate: 'accelerate', optimum: 'optimum', diffusers: 'diffusers', setfit: 'setfit', InstructorEmbedding: 'instructorembedding', FlagEmbedding: 'flagembedding',
  fastembed: 'fastembed', keybert: 'keybert', bertopic: 'bertopic', top2vec: 'top2vec', gensim: 'gensim', fasttext: 'fasttext-wheel', glove: 'glove-python-binary', spacy: 'spacy', spacy_transformers: 'spacy-transformers',
  en_core_web_sm: 'en-core-web-sm', stanza: 'stanza', flair: 'flair', allennlp: 'allennlp', simpletransformers: 'simpletransformers', textblob: 'textblob', vaderSentiment: 'vadersentiment', langdetect: 'langdetect', langid: 'langid',
  pyLDAvis: 'pyldavis', rake_nltk: 'rake-nltk', symspellpy: 'symspellpy', jieba: 'jieba', konlpy: 'konlpy', MeCab: 'mecab-python3', fugashi: 'fugashi', pypinyin: 'pypinyin', underthesea: 'underthesea', indicnlp: 'indic-nlp-library',
  shap: 'shap', lime: 'lime', eli5: 'eli5', interpret: 'interpret', alibi: 'alibi', captum: 'captum', dice_ml: 'dice-ml', fairlearn: 'fairlearn', aif360: 'aif360', evidently: 'evidently', yellowbrick: 'yellowbrick', mlxtend: 'mlxtend',
  category_encoders: 'category-encoders', feature_engine: 'feature-engine', featuretools: 'featuretools', tsfresh: 'tsfresh', tslearn: 'tslearn', pmdarima: 'pmdarima', prophet: 'prophet', fbprophet: 'fbprophet', neuralprophet: 'neuralprophet',
  statsforecast: 'statsforecast', darts: 'darts', gluonts: 'gluonts', lifelines: 'lifelines', linearmodels: 'linearmodels', surprise: 'scikit-surprise', implicit: 'implicit', lightfm: 'lightfm', hmmlearn: 'hmmlearn',
  hyperopt: 'hyperopt', optuna: 'optuna', ray: 'ray', bayes_opt: 'bayesian-optimization', ax: 'ax-platform', botorch: 'botorch', gpytorch: 'gpytorch', nevergrad: 'nevergrad', deap: 'deap', pycaret: 'pycaret', tpot: 'tpot', autosklearn: 'auto-sklearn',
  autogluon: 'autogluon', h2o: 'h2o', flaml: 'flaml', lazypredict: 'lazypredict', gym: 'gym', gymnasium: 'gymnasium', stable_baselines3: 'stable-baselines3', pettingzoo: 'pettingzoo', ale_py: 'ale-py', mujoco: 'mujoco', dm_control: 'dm-control',
  wandb: 'wandb', mlflow: 'mlflow', clearml: 'clearml', comet_ml: 'comet-ml', neptune: 'neptune', dvc: 'dvc', dvclive: 'dvclive', hydra: 'hydra-core', omegaconf: 'omegaconf', fvcore: 'fvcore', iopath: 'iopath', timm: 'timm', kornia: 'kornia',
  einops: 'einops', thop: 'thop', torchinfo: 'torchinfo', torchsummary: 'torchsummary', ptflops: 'ptflops', pycocotools: 'pycocotools', cleanvision: 'cleanvision', imgaug: 'imgaug', imagehash: 'imagehash', monai: 'monai', torchio: 'torchio',
  nibabel: 'nibabel', pydicom: 'pydicom', SimpleITK: 'simpleitk', openslide: 'openslide-python', cellpose: 'cellpose', skorch: 'skorch', fastai: 'fastai', fastcore: 'fastcore', catalyst: 'catalyst', ignite: 'pytorch-ignite',
  sagemaker: 'sagemaker', sagemaker_inference: 'sagemaker-inference', bentoml: 'bentoml', litserve: 'litserve', kserve: 'kserve', tritonclient: 'tritonclient', seldon_core: 'seldon-core', cog: 'cog', runpod: 'runpod', modal: 'modal', banana_dev: 'banana-dev',
  // images, sound, video
  cv2: 'opencv-python-headless', PIL: 'pillow', fitz: 'pymupdf', pymupdf: 'pymupdf', pdf2image: 'pdf2image', pytesseract: 'pytesseract', PyPDF2: 'pypdf2', pypdf: 'pypdf', pdfminer: 'pdfminer-six', pdfplumber: 'pdfplumber', docx: 'python-docx', docx2txt: 'docx2txt',
  pptx: 'python-pptx', openpyxl: 'openpyxl', xlrd: 'xlrd', xlsxwriter: 'xlsxwriter', magic: 'python-magic', filetype: 'filetype', face_recognition: 'face-recognition', dlib: 'dlib', mediapipe: 'mediapipe', deepface: 'deepface', mtcnn: 'mtcnn',
  retinaface: 'retina-face', insightface: 'insightface', facenet_pytorch: 'facenet-pytorch', imageio: 'imageio', imageio_ffmpeg: 'imageio-ffmpeg', moviepy: 'moviepy', ffmpeg: 'ffmpeg-python', av: 'av', decord: 'decord', vidgear: 'vidgear',
  soundfile: 'soundfile', sounddevice: 'sounddevice', librosa: 'librosa', speech_recognition: 'speechrecognition', pydub: 'pydub', pyaudio: 'pyaudio', webrtcvad: 'webrtcvad', noisereduce: 'noisereduce', resampy: 'resampy', pyttsx3: 'pyttsx3', gtts: 'gtts',
  pyannote: 'pyannote-audio', resemblyzer: 'resemblyzer', pyworld: 'pyworld', parselmouth: 'praat-parselmouth', rembg: 'rembg', gfpgan: 'gfpgan', realesrgan: 'realesrgan', basicsr: 'basicsr', facexlib: 'facexlib', wand: 'wand', cairo: 'pycairo', cairosvg: 'cairosvg',
  svgwrite: 'svgwrite', qrcode: 'qrcode', pyzbar: 'pyzbar', barcode: 'python-barcode', colorthief: 'colorthief', streamlit_drawable_canvas: 'streamlit-drawable-canvas', streamlit_webrtc: 'streamlit-webrtc', aiortc: 'aiortc',
  // numbers, plots, maps
  mpl_toolkits: 'matplotlib', pylab: 'matplotlib', plotly: 'plotly', kaleido: 'kaleido', wordcloud: 'wordcloud', pandas_profiling: 'pandas-profiling', ydata_profiling: 'ydata-profiling', sweetviz: 'sweetviz', dtale: 'dtale',
  pandas_datareader: 'pandas-datareader', pandas_ta: 'pandas-ta', talib: 'ta-lib', yfinance: 'yfinance', ccxt: 'ccxt', quandl: 'quandl', polars: 'polars', pl: 'polars', pyarrow: 'pyarrow', fastparquet: 'fastparquet', tables: 'tables', h5py: 'h5py', netCDF4: 'netcdf4',
  xarray: 'xarray', zarr: 'zarr', dask: 'dask', distributed: 'distributed', numba: 'numba', cupy: 'cupy-cuda12x', cudf: 'cudf-cu12', cuml: 'cuml-cu12', numexpr: 'numexpr', bottleneck: 'bottleneck', swifter: 'swifter', modin: 'modin', vaex: 'vaex', tabulate: 'tabulate',
  osgeo: 'gdal', rasterio: 'rasterio', fiona: 'fiona', shapely: 'shapely', geopandas: 'geopandas', pyproj: 'pyproj', cartopy: 'cartopy', folium: 'folium', geopy: 'geopy', rtree: 'rtree', ee: 'earthengine-api', streamlit_folium: 'streamlit-folium', osmnx: 'osmnx',
  cvxpy: 'cvxpy', cvxopt: 'cvxopt', pulp: 'pulp', ortools: 'ortools', gurobipy: 'gurobipy', casadi: 'casadi', pyomo: 'pyomo', control: 'control', filterpy: 'filterpy', pykalman: 'pykalman', pywt: 'pywavelets', emcee: 'emcee', corner: 'corner',
  rdkit: 'rdkit', openbabel: 'openbabel-wheel', Bio: 'biopython', deepchem: 'deepchem', ase: 'ase', pymatgen: 'pymatgen', MDAnalysis: 'mdanalysis', mne: 'mne', astropy: 'astropy', networkx: 'networkx', community: 'python-louvain', igraph: 'igraph', pyvis: 'pyvis', dgl: 'dgl',
  stellargraph: 'stellargraph', node2vec: 'node2vec', rdflib: 'rdflib', SPARQLWrapper: 'sparqlwrapper', pyspark: 'pyspark', findspark: 'findspark', koalas: 'koalas', delta: 'delta-spark', great_expectations: 'great-expectations', pandera: 'pandera',
  // language models and search
  openai: 'openai', anthropic: 'anthropic', cohere: 'cohere', mistralai: 'mistralai', groq: 'groq', ollama: 'ollama', litellm: 'litellm', langchain: 'langchain', langchain_community: 'langchain-community', langchain_core: 'langchain-core',
  langchain_openai: 'langchain-openai', langchain_huggingface: 'langchain-huggingface', langchain_chroma: 'langchain-chroma', langchain_text_splitters: 'langchain-text-splitters', langchain_google_genai: 'langchain-google-genai',
  langchain_groq: 'langchain-groq', langchain_ollama: 'langchain-ollama', langchain_anthropic: 'langchain-anthropic', langchain_pinecone: 'langchain-pinecone', langchain_experimental: 'langchain-experimental', langgraph: 'langgraph', langserve: 'langserve', langsmith: 'langsmith',
  llama_index: 'llama-index', llama_parse: 'llama-parse', haystack: 'haystack-ai', chromadb: 'chromadb', pinecone: 'pinecone', weaviate: 'weaviate-client', qdrant_client: 'qdrant-client', pymilvus: 'pymilvus', lancedb: 'lancedb', annoy: 'annoy', hnswlib: 'hnswlib',
  pgvector: 'pgvector', elasticsearch: 'elasticsearch', opensearchpy: 'opensearch-py', whoosh: 'whoosh', rank_bm25: 'rank-bm25', unstructured: 'unstructured', guidance: 'guidance', instructor: 'instructor', dspy: 'dspy', autogen: 'pyautogen', crewai: 'crewai',
  semantic_kernel: 'semantic-kernel', transformers_interpret: 'transformers-interpret', streamlit_chat: 'streamlit-chat', tavily: 'tavily-python', duckduckgo_search: 'duckduckgo-search', wikipedia: 'wikipedia', wikipediaapi: 'wikipedia-api', arxiv: 'arxiv', serpapi: 'google-search-results',
  'google.generativeai': 'google-generativeai', 'google.genai': 'google-genai', vertexai: 'google-cloud-aiplatform', replicate: 'replicate', together: 'together', fireworks: 'fireworks-ai', ibm_watson: 'ibm-watson', assemblyai: 'assemblyai', elevenlabs: 'elevenlabs', deepgram: 'deepgram-sdk',
  // web
  flask_cors: 'flask-cors', flask_sqlalchemy: 'flask-sqlalchemy', flask_restful: 'flask-restful', flask_login: 'flask-login', flask_wtf: 'flask-wtf', wtforms: 'wtforms', flask_migrate: 'flask-migrate', flask_bootstrap: 'flask-bootstrap', flask_restx: 'flask-restx',
  flask_restplus: 'flask-restplus', flask_jwt_extended: 'flask-jwt-extended', flask_socketio: 'flask-socketio', flask_limiter: 'flask-limiter', flask_caching: 'flask-caching', flask_mail: 'flask-mail', flask_marshmallow: 'flask-marshmallow', flask_bcrypt: 'flask-bcrypt',
  flask_httpauth: 'flask-httpauth', flask_ngrok: 'flask-ngrok', flask_session: 'flask-session', flask_admin: 'flask-admin', flask_pymongo: 'flask-pymongo', flask_swagger_ui: 'flask-swagger-ui', flasgger: 'flasgger', flask_talisman: 'flask-talisman', flask_compress: 'flask-compress',
  rest_framework: 'djangorestframework', corsheaders: 'django-cors-headers', django_filters: 'django-filter', crispy_forms: 'django-crispy-forms', storages: 'django-storages', whitenoise: 'whitenoise', environ: 'django-environ', dj_database_url: 'dj-database-url',
  channels: 'channels', debug_toolbar: 'django-debug-toolbar', import_export: 'django-import-export', allauth: 'django-allauth', drf_yasg: 'drf-yasg', drf_spectacular: 'drf-spectacular', rest_framework_simplejwt: 'djangorestframework-simplejwt', django_heroku: 'django-heroku',
  multipart: 'python-multipart', python_multipart: 'python-multipart', sse_starlette: 'sse-starlette', fastapi_utils: 'fastapi-utils', fastapi_users: 'fastapi-users', fastapi_pagination: 'fastapi-pagination', slowapi: 'slowapi', prometheus_client: 'prometheus-client', prometheus_fastapi_instrumentator: 'prometheus-fastapi-instrumentator',
  starlette_exporter: 'starlette-exporter', aiohttp_cors: 'aiohttp-cors', socketio: 'python-socketio', engineio: 'python-engineio', websocket: 'websocket-client', websockets: 'websockets', sanic_cors: 'sanic-cors', mangum: 'mangum', httpx: 'httpx', requests_toolbelt: 'requests-toolbelt',
  bs4: 'beautifulsoup4', lxml: 'lxml', html2text: 'html2text', markdown: 'markdown', markdown2: 'markdown2', mistune: 'mistune', bleach: 'bleach', selenium: 'selenium', webdriver_manager: 'webdriver-manager', playwright: 'playwright', scrapy: 'scrapy', newspaper: 'newspaper3k', feedparser: 'feedparser',
  dash_bootstrap_components: 'dash-bootstrap-components', dash_core_components: 'dash-core-components', dash_html_components: 'dash-html-components', dash_table: 'dash-table', dash_daq: 'dash-daq', jupyter_dash: 'jupyter-dash', streamlit_option_menu: 'streamlit-option-menu',
  streamlit_lottie: 'streamlit-lottie', streamlit_extras: 'streamlit-extras', streamlit_authenticator: 'streamlit-authenticator', streamlit_aggrid: 'streamlit-aggrid', st_aggrid: 'streamlit-aggrid', st_pages: 'st-pages', extra_streamlit_components: 'extra-streamlit-components',
  gradio_client: 'gradio-client', nicegui: 'nicegui', chainlit: 'chainlit', panel: 'panel', hvplot: 'hvplot', holoviews: 'holoviews', bokeh: 'bokeh', voila: 'voila', ipywidgets: 'ipywidgets', IPython: 'ipython', ipykernel: 'ipykernel', jupyter_core: 'jupyter-core', nbformat: 'nbformat', papermill: 'papermill',
  jwt: 'pyjwt', jose: 'python-jose', authlib: 'authlib', passlib: 'passlib', itsdangerous: 'itsdangerous', oauthlib: 'oauthlib', requests_oauthlib: 'requests-oauthlib', msal: 'msal', firebase_admin: 'firebase-admin', pyrebase: 'pyrebase4', stripe: 'stripe', twilio: 'twilio', sendgrid: 'sendgrid',
  telegram: 'python-telegram-bot', telebot: 'pytelegrambotapi', telethon: 'telethon', pyrogram: 'pyrogram', discord: 'discord-py', slack_sdk: 'slack-sdk', slack_bolt: 'slack-bolt', slack: 'slackclient', tweepy: 'tweepy', praw: 'praw', facebook: 'facebook-sdk', googleapiclient: 'google-api-python-client',
  // data stores and clouds
  psycopg2: 'psycopg2-binary', psycopg: 'psycopg', MySQLdb: 'mysqlclient', pymysql: 'pymysql', mysql: 'mysql-connector-python', pyodbc: 'pyodbc', cx_Oracle: 'cx-oracle', oracledb: 'oracledb', pymssql: 'pymssql', sqlalchemy: 'sqlalchemy', sqlmodel: 'sqlmodel', databases: 'databases', peewee: 'peewee',
  mongoengine: 'mongoengine', pymongo: 'pymongo', bson: 'pymongo', gridfs: 'pymongo', motor: 'motor', redis: 'redis', rediscluster: 'redis-py-cluster', memcache: 'python-memcached', pylibmc: 'pylibmc', cassandra: 'cassandra-driver', neo4j: 'neo4j', py2neo: 'py2neo', clickhouse_driver: 'clickhouse-driver',
  clickhouse_connect: 'clickhouse-connect', snowflake: 'snowflake-connector-python', duckdb: 'duckdb', influxdb: 'influxdb', influxdb_client: 'influxdb-client', kafka: 'kafka-python', confluent_kafka: 'confluent-kafka', aiokafka: 'aiokafka', pika: 'pika', aio_pika: 'aio-pika', stomp: 'stomp-py',
  nats: 'nats-py', paho: 'paho-mqtt', celery: 'celery', kombu: 'kombu', rq: 'rq', dramatiq: 'dramatiq', huey: 'huey', apscheduler: 'apscheduler', schedule: 'schedule', airflow: 'apache-airflow', prefect: 'prefect', dagster: 'dagster', kfp: 'kfp', zenml: 'zenml', metaflow: 'metaflow',
  'google.cloud.storage': 'google-cloud-storage', 'google.cloud.bigquery': 'google-cloud-bigquery', 'google.cloud.aiplatform': 'google-cloud-aiplatform', 'google.cloud.vision': 'google-cloud-vision', 'google.cloud.speech': 'google-cloud-speech', 'google.cloud.translate': 'google-cloud-translate',
  'google.cloud.texttospeech': 'google-cloud-texttospeech', 'google.cloud.pubsub': 'google-cloud-pubsub', 'google.cloud.firestore': 'google-cloud-firestore', 'google.cloud.logging': 'google-cloud-logging', 'google.cloud.secretmanager': 'google-cloud-secret-manager', 'google.cloud.language': 'google-cloud-language',
  'google.cloud.documentai': 'google-cloud-documentai', 'google.cloud.dialogflow': 'google-cloud-dialogflow', 'google.cloud.videointelligence': 'google-cloud-videointelligence', 'google.cloud.datastore': 'google-cloud-datastore', 'google.auth': 'google-auth', 'google.oauth2': 'google-auth',
  'google.protobuf': 'protobuf', 'google.api_core': 'google-api-core', google_auth_oauthlib: 'google-auth-oauthlib', gspread: 'gspread', gcsfs: 'gcsfs', s3fs: 's3fs', adlfs: 'adlfs', fsspec: 'fsspec', boto3: 'boto3', botocore: 'botocore', moto: 'moto',
  'azure.storage.blob': 'azure-storage-blob', 'azure.identity': 'azure-identity', 'azure.ai.ml': 'azure-ai-ml', 'azure.cognitiveservices': 'azure-cognitiveservices-vision-computervision', 'azure.keyvault': 'azure-keyvault-secrets', 'azure.core': 'azure-core', azureml: 'azureml-core', minio: 'minio', dropbox: 'dropbox',
  cloudinary: 'cloudinary', supabase: 'supabase', pydrive: 'pydrive', gdown: 'gdown', kaggle: 'kaggle', opendatasets: 'opendatasets', roboflow: 'roboflow', labelbox: 'labelbox', label_studio_sdk: 'label-studio-sdk',
  // tools
  yaml: 'pyyaml', ruamel: 'ruamel-yaml', 'ruamel.yaml': 'ruamel-yaml', toml: 'toml', tomli: 'tomli', dotenv: 'python-dotenv', decouple: 'python-decouple', environs: 'environs', dynaconf: 'dynaconf', pydantic_settings: 'pydantic-settings', attr: 'attrs', attrs: 'attrs', dateutil: 'python-dateutil', pytz: 'pytz',
  tzlocal: 'tzlocal', arrow: 'arrow', pendulum: 'pendulum', slugify: 'python-slugify', unidecode: 'unidecode', Levenshtein: 'levenshtein', rapidfuzz: 'rapidfuzz', fuzzywuzzy: 'fuzzywuzzy', thefuzz: 'thefuzz', jellyfish: 'jellyfish', emoji: 'emoji', contractions: 'contractions', num2words: 'num2words',
  inflect: 'inflect', phonenumbers: 'phonenumbers', validators: 'validators', email_validator: 'email-validator', Crypto: 'pycryptodome', Cryptodome: 'pycryptodomex', cryptography: 'cryptography', nacl: 'pynacl', OpenSSL: 'pyopenssl', bcrypt: 'bcrypt', ldap: 'python-ldap', ldap3: 'ldap3', paramiko: 'paramiko',
  fabric: 'fabric', invoke: 'invoke', git: 'gitpython', github: 'pygithub', gitlab: 'python-gitlab', docker: 'docker', kubernetes: 'kubernetes', ansible: 'ansible', jinja2: 'jinja2', click: 'click', typer: 'typer', fire: 'fire', docopt: 'docopt', rich: 'rich', colorama: 'colorama', termcolor: 'termcolor', tqdm: 'tqdm',
  alive_progress: 'alive-progress', loguru: 'loguru', structlog: 'structlog', pythonjsonlogger: 'python-json-logger', sentry_sdk: 'sentry-sdk', logstash: 'python-logstash', psutil: 'psutil', GPUtil: 'gputil', pynvml: 'nvidia-ml-py', py3nvml: 'py3nvml', cpuinfo: 'py-cpuinfo', watchdog: 'watchdog',
  serial: 'pyserial', usb: 'pyusb', smbus: 'smbus2', RPi: 'rpi-gpio', pyautogui: 'pyautogui', pynput: 'pynput', keyboard: 'keyboard', pyperclip: 'pyperclip', Xlib: 'python-xlib', win32api: 'pywin32', win32com: 'pywin32', wx: 'wxpython', gi: 'pygobject', PyQt5: 'pyqt5', PyQt6: 'pyqt6', PySide2: 'pyside2', PySide6: 'pyside6',
  kivy: 'kivy', pygame: 'pygame', OpenGL: 'pyopengl', vtk: 'vtk', pyvista: 'pyvista', open3d: 'open3d', trimesh: 'trimesh', pybullet: 'pybullet', zmq: 'pyzmq', grpc: 'grpcio', grpc_tools: 'grpcio-tools', grpc_health: 'grpcio-health-checking', thrift: 'thrift', avro: 'avro-python3', orjson: 'orjson', ujson: 'ujson',
  simplejson: 'simplejson', msgpack: 'msgpack', lz4: 'lz4', zstandard: 'zstandard', snappy: 'python-snappy', brotli: 'brotli', py7zr: 'py7zr', rarfile: 'rarfile', cachetools: 'cachetools', diskcache: 'diskcache', joblib: 'joblib', cloudpickle: 'cloudpickle', dill: 'dill', tenacity: 'tenacity', retry: 'retry', backoff: 'backoff',
  pkg_resources: 'setuptools', setuptools: 'setuptools', importlib_metadata: 'importlib-metadata', importlib_resources: 'importlib-resources', typing_extensions: 'typing-extensions', dataclasses_json: 'dataclasses-json', marshmallow: 'marshmallow', cerberus: 'cerberus', jsonschema: 'jsonschema',
  nest_asyncio: 'nest-asyncio', aiofiles: 'aiofiles', aioredis: 'aioredis', uvloop: 'uvloop', gevent: 'gevent', eventlet: 'eventlet', greenlet: 'greenlet', twisted: 'twisted', zope: 'zope-interface', pywikibot: 'pywikibot', reportlab: 'reportlab', weasyprint: 'weasyprint', pdfkit: 'pdfkit', fpdf: 'fpdf2', xhtml2pdf: 'xhtml2pdf',
  docxtpl: 'docxtpl', odf: 'odfpy', camelot: 'camelot-py', tabula: 'tabula-py', textract: 'textract', tika: 'tika', ebooklib: 'ebooklib', pysrt: 'pysrt', youtube_dl: 'youtube-dl', yt_dlp: 'yt-dlp', pytube: 'pytube', youtube_transcript_api: 'youtube-transcript-api', spotipy: 'spotipy', googletrans: 'googletrans',
  deep_translator: 'deep-translator', translate: 'translate', pyngrok: 'pyngrok', speedtest: 'speedtest-cli', ping3: 'ping3', scapy: 'scapy', nmap: 'python-nmap', dns: 'dnspython', whois: 'python-whois', ipware: 'django-ipware', user_agents: 'user-agents', fake_useragent: 'fake-useragent', faker: 'faker',
  pytest: 'pytest', hypothesis: 'hypothesis', locust: 'locust', absl: 'absl-py', gin: 'gin-config', ml_collections: 'ml-collections', tensorstore: 'tensorstore', sacred: 'sacred', yacs: 'yacs', addict: 'addict', easydict: 'easydict', munch: 'munch', box: 'python-box', parse: 'parse', lark: 'lark', ply: 'ply', pyparsing: 'pyparsing',
  sympy: 'sympy', mpmath: 'mpmath', gmpy2: 'gmpy2', bitarray: 'bitarray', bidict: 'bidict', sortedcontainers: 'sortedcontainers', more_itertools: 'more-itertools', toolz: 'toolz', funcy: 'funcy', wrapt: 'wrapt', decorator: 'decorator', pluggy: 'pluggy', humanize: 'humanize', prettytable: 'prettytable', texttable: 'texttable',
  pyfiglet: 'pyfiglet', art: 'art', blessed: 'blessed', prompt_toolkit: 'prompt-toolkit', questionary: 'questionary', inquirer: 'inquirer', pexpect: 'pexpect', sh: 'sh', plumbum: 'plumbum', delegator: 'delegator-py', distro: 'distro', netifaces: 'netifaces', pyudev: 'pyudev', pycuda: 'pycuda', pyopencl: 'pyopencl', triton: 'triton',
}; // prettier-ignore

/** The distribution that an import needs, by the longest part of its dotted name that is known; else what the name suggests (PEP 503). */
export function distributionOf(module: string): string {
  const parts = module.split('.');
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('.');
    const known = Object.hasOwn(DISTRIBUTION_OF_IMPORT, name) ? DISTRIBUTION_OF_IMPORT[name] : undefined;
    if (known !== undefined) return known;
  }
  return (parts[0] ?? '').toLowerCase().replace(/[-_.]+/g, '-');
}

/** Distributions that bring others whose import name projects use without listing them. */
export const BROUGHT_BY: Readonly<Record<string, readonly string[]>> = {
  'scikit-learn': ['numpy', 'scipy', 'joblib', 'threadpoolctl'],
  pandas: ['numpy', 'python-dateutil', 'pytz'],
  scipy: ['numpy'],
  xgboost: ['numpy', 'scipy'],
  lightgbm: ['numpy', 'scipy'],
  catboost: ['numpy', 'pandas', 'scipy', 'matplotlib', 'plotly'],
  matplotlib: ['numpy', 'pillow', 'python-dateutil'],
  seaborn: ['numpy', 'pandas', 'matplotlib'],
  onnxruntime: ['numpy', 'protobuf'],
  onnx: ['numpy', 'protobuf'],
  skl2onnx: ['numpy', 'onnx', 'scikit-learn', 'scipy', 'joblib'],
  flask: ['werkzeug', 'jinja2', 'markupsafe', 'click', 'itsdangerous', 'blinker'],
  dash: ['flask', 'plotly', 'werkzeug', 'requests'],
  fastapi: ['starlette', 'pydantic', 'typing-extensions', 'anyio'],
  starlette: ['anyio', 'typing-extensions'],
  uvicorn: ['click', 'h11'],
  streamlit: ['numpy', 'pandas', 'pillow', 'altair', 'requests', 'pyarrow', 'protobuf', 'tornado', 'click', 'toml', 'tenacity', 'packaging', 'typing-extensions'],
  gradio: ['numpy', 'pandas', 'pillow', 'fastapi', 'uvicorn', 'pydantic', 'httpx', 'huggingface-hub', 'pyyaml', 'jinja2', 'python-multipart', 'orjson', 'starlette'],
  transformers: ['numpy', 'huggingface-hub', 'pyyaml', 'requests', 'tokenizers', 'safetensors', 'tqdm', 'packaging', 'regex', 'filelock'],
  'sentence-transformers': ['torch', 'transformers', 'scikit-learn', 'scipy', 'numpy', 'huggingface-hub', 'pillow', 'tqdm'],
  torchvision: ['torch', 'numpy', 'pillow'],
  torchaudio: ['torch'],
  ultralytics: ['torch', 'torchvision', 'numpy', 'opencv-python', 'pillow', 'pyyaml', 'requests', 'scipy', 'matplotlib', 'pandas', 'tqdm'],
  timm: ['torch', 'torchvision', 'pyyaml', 'huggingface-hub', 'safetensors'],
  'pytorch-lightning': ['torch', 'pyyaml', 'tqdm', 'numpy', 'packaging'],
  torch: ['numpy', 'sympy', 'networkx', 'jinja2', 'filelock', 'typing-extensions'],
  tensorflow: ['numpy', 'keras', 'h5py', 'protobuf', 'requests', 'packaging', 'typing-extensions'],
  mlflow: ['numpy', 'pandas', 'scikit-learn', 'scipy', 'matplotlib', 'flask', 'pyyaml', 'requests', 'sqlalchemy', 'cloudpickle'],
  requests: ['urllib3', 'certifi', 'idna', 'charset-normalizer'],
}; // prettier-ignore
