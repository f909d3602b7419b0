import type { Failure } from './failure.ts';

/** GPUs, their driver and CUDA. Source: messages of the CUDA runtime, PyTorch, TensorFlow, NCCL and the container toolkits, 2026-11. */
export const GPU_FAILURES: readonly Failure[] = [
  {
    code: 'no-kernel-image',
    pattern: /no kernel image is available for execution on the device|CUDA capability sm_(\d+) is not compatible/,
    cause: 'the wheel was built without code for this GPU: it is newer or older than those the build knows',
    fix: 'take a build of the framework for this GPU (torch 2.7 or later with CUDA 12.8 knows Blackwell; CUDA 12.6 the older ones): berth plan --gpu names the index',
    example: 'RuntimeError: CUDA error: no kernel image is available for execution on the device',
  },
  {
    code: 'driver-too-old',
    pattern: /CUDA driver version is insufficient for CUDA runtime version|The NVIDIA driver on your system is too old \(found version (\d+)\)|driver version is insufficient|cudaErrorInsufficientDriver/, // prettier-ignore
    cause: 'the driver of this machine is older than the CUDA that the wheels were built with',
    fix: 'update the driver (CUDA 12 needs 525.60.13, CUDA 13 580.65.06), or take wheels for an older CUDA',
    example:
      'RuntimeError: The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver',
  },
  {
    code: 'driver-library-mismatch',
    pattern: /Driver\/library version mismatch|Failed to initialize NVML/,
    cause:
      'the driver in the kernel and the libraries in the container are of different versions, as after an update without a restart',
    fix: 'restart the machine, or load the kernel modules of the driver again, and start the container anew',
    example: 'Failed to initialize NVML: Driver/library version mismatch',
  },
  {
    code: 'forward-compatibility',
    pattern: /forward compatibility was attempted on non supported HW|(?:system has unsupported display driver|Error 80[34])/, // prettier-ignore
    cause: 'the image brings libraries for forward compatibility, which only data-centre GPUs take',
    fix: 'remove the cuda-compat package from the image, or update the driver of this machine',
    example:
      'RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 804: forward compatibility was attempted on non supported HW',
  },
  {
    code: 'cuda-requirement',
    pattern: /unsatisfied condition: (cuda\s*>=\s*[\d.]+|driver\S*)/,
    cause: 'the base image asks for {what}, which the driver of this machine does not give',
    fix: 'take a base image of an older CUDA, or none: the wheels of torch, jax and TensorFlow bring theirs. NVIDIA_DISABLE_REQUIRE=true skips the check',
    example: 'nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.6, please update your driver',
  },
  {
    code: 'no-gpu-runtime',
    pattern: /could not select device driver|unknown or invalid runtime name: nvidia|unresolvable CDI devices/,
    cause: 'a GPU was asked for, and this machine has none that can be given to containers',
    fix: 'check that nvidia-smi works on the machine itself; run without --gpus to use the processor',
    example: 'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].',
  },
  {
    code: 'cuda-out-of-memory',
    pattern: /CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|OutOfMemoryError: CUDA/,
    cause: 'the memory of the GPU is used up',
    fix: 'take a smaller batch or model, use half precision, or stop what else uses the GPU (nvidia-smi lists it)',
    example: 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.',
  },
  {
    code: 'cuda-without-gpu',
    pattern: /Found no NVIDIA driver on your system|No CUDA GPUs are available|Torch not compiled with CUDA enabled|no CUDA-capable device is detected/, // prettier-ignore
    cause: 'the code wants CUDA, and the container has no GPU or wheels for processors',
    fix: 'start it with --gpus all, or let the code choose: device = "cuda" if torch.cuda.is_available() else "cpu"',
    example: 'AssertionError: Torch not compiled with CUDA enabled',
  },
  {
    code: 'model-of-gpu',
    pattern: /Attempting to deserialize object on a CUDA device but torch\.cuda\.is_available\(\) is False/,
    cause: 'the model was saved on a GPU, and there is none here',
    fix: 'load it with torch.load(path, map_location="cpu")',
    example: 'RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.',
  },
  {
    code: 'cudnn-mismatch',
    pattern: /cuDNN version incompatibility|CUDNN_STATUS_(?:VERSION_MISMATCH|NOT_INITIALIZED|SUBLIBRARY_VERSION_MISMATCH)|Loaded runtime CuDNN library: \S+ but source was compiled with|(libcudnn\w*\.so[.\d]*): cannot open shared object file/, // prettier-ignore
    cause: 'another version of cuDNN is found than the one that the framework was built with',
    fix: 'leave cuDNN to the wheels (nvidia-cudnn-cu12): take a base image without CUDA, and unset LD_LIBRARY_PATH',
    example: 'Loaded runtime CuDNN library: 8.9.7 but source was compiled with: 9.3.0.',
  },
  {
    code: 'cuda-library-missing',
    pattern: /(lib(?:cudart|cublas|cublasLt|cufft|curand|cusolver|cusparse|nvrtc|nccl)\.so[.\d]*): cannot open shared object file/, // prettier-ignore
    cause: 'a package was built against CUDA, whose library {what} the image does not have',
    fix: 'take the package for processors, or its build that brings CUDA along ([and-cuda], [cuda12]), or a base image with that CUDA',
    example: 'ImportError: libcudart.so.11.0: cannot open shared object file: No such file or directory',
  },
  {
    code: 'nccl',
    pattern: /NCCL (?:error|WARN)|ncclSystemError|ncclUnhandledCudaError|ncclInternalError/,
    cause: 'the GPUs, or the machines, of a distributed run could not talk to each other',
    fix: 'see more with NCCL_DEBUG=INFO; give the container a larger --shm-size, and name the network with NCCL_SOCKET_IFNAME',
    example: 'torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1691, unhandled system error',
  },
  {
    code: 'no-nvcc',
    pattern: /nvcc(?:: not found|.*No such file or directory)|CUDA_HOME environment variable is not set|Cannot find CUDA_HOME/, // prettier-ignore
    cause: 'a package compiles code for GPUs while it is installed, and the image has no CUDA compiler',
    fix: 'take a wheel of it that is built already, or build in a stage from an nvidia/cuda image whose tag has "devel"',
    example: 'OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root.',
  },
  {
    code: 'bitsandbytes',
    pattern: /bitsandbytes.*(?:was compiled without GPU support|CUDA Setup failed)/i,
    cause: 'bitsandbytes found no CUDA that it knows',
    fix: 'run it with a GPU, or load the model without quantisation',
    example: 'UserWarning: The installed version of bitsandbytes was compiled without GPU support.',
  },
  {
    code: 'device-side-assert',
    pattern: /device-side assert triggered/,
    cause: 'an index was out of range on the GPU, such as a label that is larger than the number of classes',
    fix: 'run it once with CUDA_LAUNCH_BLOCKING=1 or on the processor: the error then names its line',
    example: 'RuntimeError: CUDA error: device-side assert triggered',
  },
];
