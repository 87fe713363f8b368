"""Field names, numbers, types and defaults: BVLC's caffe.proto and what popular forks add (data for schema.py)."""
# ruff: noqa: E501 (one line a message, however long: the table reads and diffs that way)

from __future__ import annotations

_ENGINE = "enum(DEFAULT=0 CAFFE=1 CUDNN=2 MKLDNN=3 MKL2017=4)"
_POOL = "enum(MAX=0 AVE=1 STOCHASTIC=2) = MAX"

BVLC = f"""
net: name 1 text; layers 2 message*; input 3 text*; input_dim 4 int*; force_backward 5 bool; state 6 message; debug_info 7 bool; input_shape 8 message*; layer 100 message*
layer: name 1 text; type 2 text; bottom 3 text*; top 4 text*; loss_weight 5 float*; param 6 message*; blobs 7 message*; include 8 message*; exclude 9 message*; phase 10 enum(TRAIN=0 TEST=1); propagate_down 11 bool*
layers: layer 1 message; bottom 2 text*; top 3 text*; name 4 text; type 5 enum; blobs 6 message*; blobs_lr 7 float*; weight_decay 8 float*; include 32 message*; exclude 33 message*; loss_weight 35 float*; param 1001 text*; blob_share_mode 1002 enum*(STRICT=0 PERMISSIVE=1)
v0_layer: name 1 text; type 2 text; num_output 3 int; biasterm 4 bool = true; weight_filler 5 message; bias_filler 6 message; pad 7 int = 0; kernelsize 8 int; group 9 int = 1; stride 10 int = 1; pool 11 {_POOL}; dropout_ratio 12 float = 0.5; local_size 13 int = 5; alpha 14 float = 1; beta 15 float = 0.75; source 16 text; scale 17 float = 1; meanfile 18 text; batchsize 19 int; cropsize 20 int = 0; mirror 21 bool; k 22 float = 1; blobs 50 message*; blobs_lr 51 float*; weight_decay 52 float*; rand_skip 53 int; new_num 60 int; new_channels 61 int; new_height 62 int; new_width 63 int; shuffle_images 64 bool; concat_dim 65 int; hdf5_output_param 1001 message; det_fg_threshold 54 float; det_bg_threshold 55 float; det_fg_fraction 56 float; det_context_pad 58 int; det_crop_mode 59 text
blob: num 1 int; channels 2 int; height 3 int; width 4 int; data 5 float*; diff 6 float*; shape 7 message; double_data 8 double*; double_diff 9 double*
shape: dim 1 int*
param: name 1 text; share_mode 2 enum(STRICT=0 PERMISSIVE=1) = STRICT; lr_mult 3 float = 1; decay_mult 4 float = 1
rule: phase 1 enum(TRAIN=0 TEST=1 RUN=2); min_level 2 int; max_level 3 int; stage 4 text*; not_stage 5 text*
net_state: phase 1 enum(TRAIN=0 TEST=1) = TEST; level 2 int = 0; stage 3 text*
filler: type 1 text = constant; value 2 float = 0; min 3 float = 0; max 4 float = 1; mean 5 float = 0; std 6 float = 1; sparse 7 int = -1; variance_norm 8 enum(FAN_IN=0 FAN_OUT=1 AVERAGE=2) = FAN_IN; num_groups 9 int
transform_param: scale 1 float = 1; mirror 2 bool = false; crop_size 3 int = 0; mean_file 4 text; mean_value 5 float*; force_color 6 bool; force_gray 7 bool
loss_param: ignore_label 1 int; normalize 2 bool; normalization 3 enum(FULL=0 VALID=1 BATCH_SIZE=2 NONE=3) = VALID
accuracy_param: top_k 1 int = 1; axis 2 int = 1; ignore_label 3 int
argmax_param: out_max_val 1 bool = false; top_k 2 int = 1; axis 3 int
batch_norm_param: use_global_stats 1 bool; moving_average_fraction 2 float = 0.999; eps 3 float = 1e-5
bias_param: axis 1 int = 1; num_axes 2 int = 1; filler 3 message
clip_param: min 1 float; max 2 float
concat_param: concat_dim 1 int = 1; axis 2 int = 1
contrastive_loss_param: margin 1 float = 1; legacy_version 2 bool = false
crop_param: axis 1 int = 2; offset 2 int*
convolution_param: num_output 1 int; bias_term 2 bool = true; pad 3 int*; kernel_size 4 int*; group 5 int = 1; stride 6 int*; weight_filler 7 message; bias_filler 8 message; pad_h 9 int = 0; pad_w 10 int = 0; kernel_h 11 int; kernel_w 12 int; stride_h 13 int; stride_w 14 int; engine 15 {_ENGINE}; axis 16 int = 1; force_nd_im2col 17 bool = false; dilation 18 int*
dropout_param: dropout_ratio 1 float = 0.5
dummy_data_param: data_filler 1 message*; num 2 int*; channels 3 int*; height 4 int*; width 5 int*; shape 6 message*
eltwise_param: operation 1 enum(PROD=0 SUM=1 MAX=2) = SUM; coeff 2 float*; stable_prod_grad 3 bool = true
elu_param: alpha 1 float = 1
embed_param: num_output 1 int; input_dim 2 int; bias_term 3 bool = true; weight_filler 4 message; bias_filler 5 message
exp_param: base 1 float = -1; scale 2 float = 1; shift 3 float = 0
log_param: base 1 float = -1; scale 2 float = 1; shift 3 float = 0
flatten_param: axis 1 int = 1; end_axis 2 int = -1
hinge_loss_param: norm 1 enum(L1=1 L2=2) = L1
infogain_loss_param: source 1 text; axis 2 int = 1
inner_product_param: num_output 1 int; bias_term 2 bool = true; weight_filler 3 message; bias_filler 4 message; axis 5 int = 1; transpose 6 bool = false
input_param: shape 1 message*
lrn_param: local_size 1 int = 5; alpha 2 float = 1; beta 3 float = 0.75; norm_region 4 enum(ACROSS_CHANNELS=0 WITHIN_CHANNEL=1) = ACROSS_CHANNELS; k 5 float = 1; engine 6 {_ENGINE}
mvn_param: normalize_variance 1 bool = true; across_channels 2 bool = false; eps 3 float = 1e-9
parameter_param: shape 1 message
pooling_param: pool 1 {_POOL}; kernel_size 2 int; stride 3 int = 1; pad 4 int = 0; kernel_h 5 int; kernel_w 6 int; stride_h 7 int; stride_w 8 int; pad_h 9 int = 0; pad_w 10 int = 0; engine 11 {_ENGINE}; global_pooling 12 bool = false; round_mode 13 enum(CEIL=0 FLOOR=1) = CEIL
power_param: power 1 float = 1; scale 2 float = 1; shift 3 float = 0
prelu_param: filler 1 message; channel_shared 2 bool = false
recurrent_param: num_output 1 int; weight_filler 2 message; bias_filler 3 message; debug_info 4 bool; expose_hidden 5 bool = false
reduction_param: operation 1 enum(SUM=1 ASUM=2 SUMSQ=3 MEAN=4) = SUM; axis 2 int = 0; coeff 3 float = 1
relu_param: negative_slope 1 float = 0; engine 2 {_ENGINE}
reshape_param: shape 1 message; axis 2 int = 0; num_axes 3 int = -1
scale_param: axis 1 int = 1; num_axes 2 int = 1; filler 3 message; bias_term 4 bool = false; bias_filler 5 message
hdf5_output_param: file_name 1 text
sigmoid_param: engine 1 {_ENGINE}
tanh_param: engine 1 {_ENGINE}
slice_param: slice_dim 1 int = 1; slice_point 2 int*; axis 3 int = 1
softmax_param: engine 1 {_ENGINE}; axis 2 int = 1
spp_param: pyramid_height 1 int; pool 2 {_POOL}; engine 6 {_ENGINE}
swish_param: beta 1 float = 1
threshold_param: threshold 1 float = 0
tile_param: axis 1 int = 1; tiles 2 int
"""

FORKS = """
layer: strict_dim 0 bool = true
concat_param: per_fla_fuse 0 bool = false
inner_product_param: normalize 0 bool = false
blob: raw_data_type 10 enum(DOUBLE=0 FLOAT=1 FLOAT16=2) = DOUBLE; raw_data 12 bytes
batch_norm_param: scale_bias 0 bool = false; scale_filler 0 message; bias_filler 0 message; filler 0 message; engine 0 enum(DEFAULT=0 CAFFE=1 CUDNN=2)
convolution_param: hole 0 int*; hole_h 0 int; hole_w 0 int; kernel_shape 0 message; stride_shape 0 message; pad_shape 0 message
pooling_param: ceil_mode 0 bool = true; kernel_shape 0 message; stride_shape 0 message; pad_shape 0 message
permute_param: order 0 int*
filler: diag_val 0 float*
norm_param: across_spatial 0 bool = true; scale_filler 0 message; channel_shared 0 bool = true; eps 0 float = 1e-10
prior_box_param: min_size 0 float*; max_size 0 float*; aspect_ratio 0 float*; fixed_size 0 float*; fixed_ratio 0 float*; density 0 float*; flip 0 bool = true; clip 0 bool = false; variance 0 float*; img_size 0 int; img_h 0 int; img_w 0 int; step 0 float; step_h 0 float; step_w 0 float; offset 0 float = 0.5
detection_output_param: num_classes 0 int; share_location 0 bool = true; background_label_id 0 int = 0; nms_param 0 message; save_output_param 0 message; code_type 0 enum(CORNER=1 CENTER_SIZE=2 CORNER_SIZE=3) = CORNER; variance_encoded_in_target 0 bool = false; keep_top_k 0 int = -1; confidence_threshold 0 float; visualize 0 bool; visualize_threshold 0 float; save_file 0 text
nms_param: nms_threshold 0 float = 0.3; top_k 0 int; eta 0 float = 1
reorg_param: stride 0 int; reverse 0 bool = false
upsample_param: scale 0 int = 2; scale_h 0 int; scale_w 0 int; pad_out_h 0 bool = false; pad_out_w 0 bool = false; upsample_h 0 int; upsample_w 0 int
smooth_l1_loss_param: sigma 0 float = 1
loss_param: normalization 3 enum(FULL=0 VALID=1 BATCH_SIZE=2 NONE=3 PRE_FIXED=-1) = VALID; pre_fixed_normalizer 0 float = 1
bn_param: scale_filler 0 message; shift_filler 0 message; var_eps 0 float = 1e-9; moving_average 0 bool; decay 0 float = 0.05; axis 0 int = 1; bn_mode 0 enum(LEARN=0 INFERENCE=1) = LEARN; slope_filler 0 message; bias_filler 0 message; momentum 0 float = 0.9; eps 0 float = 1e-5; frozen 0 bool = false; engine 0 enum(DEFAULT=0 CAFFE=1 CUDNN=2)
interp_param: height 0 int = 0; width 0 int = 0; zoom_factor 0 int = 1; shrink_factor 0 int = 1; pad_beg 0 int = 0; pad_end 0 int = 0; use_blob_size 0 bool = false
roi_pooling_param: pooled_h 0 int = 0; pooled_w 0 int = 0; spatial_scale 0 float = 1
psroi_pooling_param: spatial_scale 0 float; output_dim 0 int; group_size 0 int
shuffle_channel_param: group 0 int = 1
crelu_param: concat_axis 0 int = 1; negative_slope 0 float = 0
crop_center_param: crop_size 0 int*
transpose_param: dim 0 int*
reverse_param: axis 0 int = 0
unpooling_param: unpool 0 enum(MAX=0 AVE=1 TILE=2) = MAX; kernel_size 0 int; stride 0 int = 1; pad 0 int = 0; kernel_h 0 int; kernel_w 0 int; stride_h 0 int; stride_w 0 int; pad_h 0 int = 0; pad_w 0 int = 0; unpool_size 0 int; unpool_h 0 int; unpool_w 0 int; out_stride 0 int; out_kernel_size 0 int
"""

DATA_MESSAGES = frozenset(
    """
    annotated_data_param bin_label_data_param data_param dense_image_data_param hdf5_data_param image_data_param
    image_label_data_param memory_data_param python_param video_data_param window_data_param
    """.split()  # noqa: SIM905 - one word a line would hide the list
)
"""Messages of layers whose tops the caller gives: no number depends on them, whichever layer they stand on."""
