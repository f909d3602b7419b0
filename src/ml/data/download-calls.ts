import type { Hub } from '../python/module.ts';

/** A call that fetches a model by name when it runs: which argument is the name. */
export interface DownloadCall {
  /** Last name of the function. */
  name: string;
  /** Text that the whole callee must match, where the last name alone says too little. */
  callee?: RegExp;
  /** -1: only by keyword. */
  position: number;
  keywords?: readonly string[];
  hub: Hub;
  /** What stands before the name in the hub, for names without a `/`. */
  owner?: string;
  /** What is fetched when nothing is named. */
  usual?: string;
  /** Only with this argument set to something true. */
  onlyWith?: readonly string[];
}

// Source: the documentation of each library, read for transformers 4.46, sentence-transformers 3.3, huggingface_hub 0.26, PyTorch 2.6, torchvision 0.21,
// timm 1.0, ultralytics 8.3, Keras 3.6, openai-whisper 20240930, faster-whisper 1.1, spaCy 3.8, NLTK 3.9, langchain 0.3, fastembed 0.4. 2026-11.
export const DOWNLOAD_CALLS: readonly DownloadCall[] = [
  { name: 'from_pretrained', position: 0, keywords: ['pretrained_model_name_or_path', 'model_id', 'repo_id', 'model_name'], hub: 'huggingface' },
  { name: 'from_single_file', position: 0, hub: 'huggingface' },
  { name: 'pipeline', callee: /^(?:transformers\.)?pipeline$/, position: 1, keywords: ['model'], hub: 'huggingface' },
  { name: 'SentenceTransformer', position: 0, keywords: ['model_name_or_path'], hub: 'huggingface', owner: 'sentence-transformers' },
  { name: 'CrossEncoder', position: 0, keywords: ['model_name', 'model_name_or_path'], hub: 'huggingface', owner: 'cross-encoder' },
  { name: 'SparseEncoder', position: 0, hub: 'huggingface' },
  { name: 'hf_hub_download', position: 0, keywords: ['repo_id'], hub: 'huggingface' },
  { name: 'snapshot_download', position: 0, keywords: ['repo_id'], hub: 'huggingface' },
  { name: 'HuggingFaceEmbeddings', position: -1, keywords: ['model_name'], hub: 'huggingface', owner: 'sentence-transformers', usual: 'sentence-transformers/all-mpnet-base-v2' },
  { name: 'HuggingFaceEmbedding', position: 0, keywords: ['model_name'], hub: 'huggingface' },
  { name: 'SentenceTransformerEmbeddings', position: -1, keywords: ['model_name'], hub: 'huggingface', owner: 'sentence-transformers', usual: 'sentence-transformers/all-mpnet-base-v2' },
  { name: 'HuggingFaceBgeEmbeddings', position: -1, keywords: ['model_name'], hub: 'huggingface' },
  { name: 'HuggingFaceInstructEmbeddings', position: -1, keywords: ['model_name'], hub: 'huggingface' },
  { name: 'SentenceTransformerEmbeddingFunction', position: 0, keywords: ['model_name'], hub: 'huggingface', owner: 'sentence-transformers', usual: 'sentence-transformers/all-MiniLM-L6-v2' },
  { name: 'INSTRUCTOR', position: 0, hub: 'huggingface', owner: 'hkunlp' },
  { name: 'FlagModel', position: 0, hub: 'huggingface' },
  { name: 'BGEM3FlagModel', position: 0, hub: 'huggingface' },
  { name: 'TextEmbedding', position: 0, keywords: ['model_name'], hub: 'huggingface', usual: 'BAAI/bge-small-en-v1.5' },
  { name: 'LLM', callee: /^(?:vllm\.)?LLM$/, position: 0, keywords: ['model'], hub: 'huggingface' },
  { name: 'WhisperModel', position: 0, keywords: ['model_size_or_path'], hub: 'huggingface', owner: 'Systran/faster-whisper-' },
  { name: 'create_model', callee: /^(?:timm\.)create_model$/, position: 0, keywords: ['model_name'], hub: 'huggingface', owner: 'timm', onlyWith: ['pretrained'] },
  { name: 'get_model', callee: /^(?:torchvision\.)?models\.get_model$/, position: 0, hub: 'torchvision', onlyWith: ['weights', 'pretrained'] },
  { name: 'load', callee: /^torch\.hub\.load$/, position: 0, keywords: ['repo_or_dir'], hub: 'torch' },
  { name: 'load_state_dict_from_url', position: 0, keywords: ['url'], hub: 'torch' },
  { name: 'YOLO', position: 0, keywords: ['model'], hub: 'ultralytics', usual: 'yolo11n.pt' },
  { name: 'YOLOWorld', position: 0, hub: 'ultralytics' },
  { name: 'RTDETR', position: 0, hub: 'ultralytics' },
  { name: 'SAM', callee: /^(?:ultralytics\.)?SAM$/, position: 0, hub: 'ultralytics' },
  { name: 'FastSAM', position: 0, hub: 'ultralytics' },
  { name: 'load_model', callee: /^whisperx?\.load_model$/, position: 0, keywords: ['name', 'whisper_arch'], hub: 'whisper' },
  { name: 'KerasLayer', position: 0, keywords: ['handle'], hub: 'tensorflow-hub' },
  { name: 'load', callee: /^(?:hub|tfhub|tensorflow_hub)\.load$/, position: 0, keywords: ['handle'], hub: 'tensorflow-hub' },
  { name: 'download', callee: /^nltk\.download$/, position: 0, keywords: ['info_or_id'], hub: 'nltk' },
  { name: 'load', callee: /^spacy\.load$/, position: 0, keywords: ['name'], hub: 'spacy' },
  { name: 'KeyBERT', position: 0, keywords: ['model'], hub: 'huggingface', owner: 'sentence-transformers', usual: 'sentence-transformers/all-MiniLM-L6-v2' },
  { name: 'BERTopic', position: -1, keywords: ['embedding_model'], hub: 'huggingface', owner: 'sentence-transformers', usual: 'sentence-transformers/all-MiniLM-L6-v2' },
]; // prettier-ignore

export const DOWNLOAD_NAMES: ReadonlySet<string> = new Set([
  ...DOWNLOAD_CALLS.map(({ name }) => name),
  'ResNet50', 'ResNet101', 'ResNet152', 'ResNet50V2', 'ResNet101V2', 'VGG16', 'VGG19', 'InceptionV3', 'InceptionResNetV2', 'MobileNet', 'MobileNetV2', 'MobileNetV3Small', 'MobileNetV3Large', 'DenseNet121', 'DenseNet169', 'DenseNet201', 'Xception', 'NASNetMobile', 'NASNetLarge', 'EfficientNetB0', 'EfficientNetB1', 'EfficientNetB2', 'EfficientNetB3', 'EfficientNetB4', 'EfficientNetB5', 'EfficientNetB6', 'EfficientNetB7', 'EfficientNetV2B0', 'EfficientNetV2S', 'ConvNeXtTiny',
]); // prettier-ignore

/** Architectures of Keras whose weights are fetched unless `weights=None` or a file is given. */
export const KERAS_APPLICATION =
  /^(?:ResNet\d+(?:V2)?|VGG1[69]|InceptionV3|InceptionResNetV2|MobileNet(?:V2|V3Small|V3Large)?|DenseNet\d+|Xception|NASNet\w+|EfficientNet\w+|ConvNeXt\w+)$/;

/** What `pipeline("task")` of transformers fetches when no model is named. Source: transformers 4.46, `SUPPORTED_TASKS`, 2026-11. */
export const PIPELINE_MODELS: Readonly<Record<string, string>> = {
  'sentiment-analysis': 'distilbert/distilbert-base-uncased-finetuned-sst-2-english',
  'text-classification': 'distilbert/distilbert-base-uncased-finetuned-sst-2-english',
  ner: 'dbmdz/bert-large-cased-finetuned-conll03-english',
  'token-classification': 'dbmdz/bert-large-cased-finetuned-conll03-english',
  'question-answering': 'distilbert/distilbert-base-cased-distilled-squad',
  'fill-mask': 'distilbert/distilroberta-base',
  summarization: 'sshleifer/distilbart-cnn-12-6',
  translation: 'google-t5/t5-base',
  'translation_en_to_fr': 'google-t5/t5-base',
  'translation_en_to_de': 'google-t5/t5-base',
  'text2text-generation': 'google-t5/t5-base',
  'text-generation': 'openai-community/gpt2',
  'zero-shot-classification': 'facebook/bart-large-mnli',
  'image-classification': 'google/vit-base-patch16-224',
  'zero-shot-image-classification': 'openai/clip-vit-base-patch32',
  'object-detection': 'facebook/detr-resnet-50',
  'image-segmentation': 'facebook/detr-resnet-50-panoptic',
  'image-to-text': 'ydshieh/vit-gpt2-coco-en',
  'feature-extraction': 'distilbert/distilbert-base-cased',
  'automatic-speech-recognition': 'facebook/wav2vec2-base-960h',
  'audio-classification': 'superb/wav2vec2-base-superb-ks',
  'depth-estimation': 'Intel/dpt-large',
  'visual-question-answering': 'dandelin/vilt-b32-finetuned-vqa',
  'table-question-answering': 'google/tapas-base-finetuned-wtq',
}; // prettier-ignore
