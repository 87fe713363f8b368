"""Messages and fields that forks add to caffe.proto, by the name of the message that holds them.

Names, types and defaults are the forks'; a type with a point is an enum that another message has, and a row with one
adds a value to an enum of Caffe's. They serve text and NetSpec: forks use one number for several things, so that a
field gets a number of this package's own, which no fork's file holds (`converter.pycaffe.proto.fork_schema`).
"""

from converter.pycaffe.proto.fork_layer_fields import LAYER_FIELDS

FORK_FIELDS = (
    LAYER_FIELDS
    + """
AccumParameter: top_height int = 0; top_width int = 0; size_divisible_by int = 0; have_reference bool = false
AffineMatConversionParameter: conversion_type enum(RECT_CROP=0) = RECT_CROP
AffineTransformParameter: output_height int; output_width int
AnnotatedDataParameter: batch_sampler BatchSampler*; label_map_file text; anno_type enum(BBOX=0); yolo_data_type int =
    0; yolo_data_jitter float = 0; train_diffcult bool = true; single_class bool = false; seg_scales int = 8;
    seg_resize_width int = 0; seg_resize_height int = 0
AnnotatedDatum: datum Datum; type enum(BBOX=0); annotation_group AnnotationGroup*
Annotation: instance_id int = 0; bbox NormalizedBBox
AnnotationGroup: group_label int; annotation Annotation*
AugmentationParameter: crop_width int = 0; crop_height int = 0; write_augmented text; max_multiplier float = 255;
    augment_during_test bool = false; recompute_mean int = 0; write_mean text; mean_per_pixel bool = true; mean float*;
    mode text = add; bottomwidth int = 0; bottomheight int = 0; num int = 0; chromatic_eigvec float*; mirror
    RandomGeneratorParameter; translate RandomGeneratorParameter; rotate RandomGeneratorParameter; zoom
    RandomGeneratorParameter; squeeze RandomGeneratorParameter; translate_x RandomGeneratorParameter; translate_y
    RandomGeneratorParameter; gamma RandomGeneratorParameter; brightness RandomGeneratorParameter; contrast
    RandomGeneratorParameter; color RandomGeneratorParameter; lmult_pow RandomGeneratorParameter; lmult_mult
    RandomGeneratorParameter; lmult_add RandomGeneratorParameter; sat_pow RandomGeneratorParameter; sat_mult
    RandomGeneratorParameter; sat_add RandomGeneratorParameter; col_pow RandomGeneratorParameter; col_mult
    RandomGeneratorParameter; col_add RandomGeneratorParameter; ladd_pow RandomGeneratorParameter; ladd_mult
    RandomGeneratorParameter; ladd_add RandomGeneratorParameter; col_rotate RandomGeneratorParameter; fog_amount
    RandomGeneratorParameter; fog_size RandomGeneratorParameter; motion_blur_angle RandomGeneratorParameter;
    motion_blur_size RandomGeneratorParameter; shadow_angle RandomGeneratorParameter; shadow_distance
    RandomGeneratorParameter; shadow_strength RandomGeneratorParameter; noise RandomGeneratorParameter
BNParameter: scale_filler FillerParameter; shift_filler FillerParameter; var_eps float = 1e-9; moving_average bool;
    decay float = 0.05; axis int = 1; bn_mode enum(LEARN=0 INFERENCE=1) = LEARN; slope_filler FillerParameter;
    bias_filler FillerParameter; momentum float = 0.9; eps float = 1e-5; frozen bool = false; engine enum(DEFAULT=0
    CAFFE=1 CUDNN=2)
BatchNormParameter: scale_bias bool = false; scale_filler FillerParameter; bias_filler FillerParameter; filler
    FillerParameter; engine enum(DEFAULT=0 CAFFE=1 CUDNN=2)
BatchSampler: use_original_image bool = true; sampler Sampler; sample_constraint SampleConstraint; max_sample int;
    max_trials int = 100
BoxAnnotatorOHEMParameter: roi_per_img int; ignore_label int = -1
CPMTransformationParameter: stride int = 4; crop_size_x int; crop_size_y int; num_parts int; np_in_lmdb int;
    max_rotate_degree float; visualize bool = false; scale_prob float; scale_min float; scale_max float; target_dist
    float; center_perterb_max float; do_clahe bool = false
CReLUParameter: concat_axis int = 1; negative_slope float = 0
CTCDecoderParameter: blank_index int = 0; ctc_merge_repeated bool = true
CTCLossParameter: output_delay int = 0; blank_index int; preprocess_collapse_repeated bool = false; ctc_merge_repeated
    bool = true; loss_calculation_t int = 0; blank_label int = 0; alphabet_size int; time_step int
CenterLossParameter: num_output int; center_filler FillerParameter; axis int = 1
ChannelScaleParameter: do_forward bool = true; do_backward_feature bool = true; do_backward_scale bool = true;
    global_scale bool = false
CoeffScheduleParameter: half_life float = 1; initial_coeff float = 1; final_coeff float = 1
CombinedMarginParameter: m1 float = 4; m2 float = 0.5; m3 float = 0.35; transform_test bool = false
ConcatParameter: per_fla_fuse bool = false
ContinuationIndicatorParameter: time_step int = 0; batch_size int = 0; axis int = 0
Convolution3DParameter: num_output int; bias_term bool = true; pad int = 0; kernel_size int; stride int = 1; pad_h int;
    pad_w int; kernel_h int; kernel_w int; stride_h int; stride_w int; weight_filler FillerParameter; bias_filler
    FillerParameter; kernel_depth int; temporal_stride int = 1; temporal_pad int = 0; filter_group int = 1; kernel_l
    int; stride_l int = 1; pad_l int = 0
ConvolutionParameter: hole int*; hole_h int; hole_w int; kernel_shape BlobShape; stride_shape BlobShape; pad_shape
    BlobShape; filter_group int = 1; kernel_depth int; temporal_stride int = 1; temporal_pad int = 0; kernel_l int;
    stride_l int = 1; pad_l int = 0
CorrelationParameter: pad int = 0; kernel_size int; max_displacement int; stride_1 int = 1; stride_2 int = 1;
    single_direction int = 0; do_abs bool = false; correlation_type enum(MULTIPLY=0 SUBTRACT=1) = MULTIPLY
CosinAddmParameter: m float = 0.5; transform_test bool = false
CropCenterParameter: crop_size int*
DataParameter: side int*
DeformableConvolutionParameter: num_output int; bias_term bool = true; pad int*; kernel_size int*; group int = 1; stride
    int*; weight_filler FillerParameter; bias_filler FillerParameter; pad_h int; pad_w int; kernel_h int; kernel_w int;
    stride_h int; stride_w int; dilation int*; deformable_group int = 4
DenseCRFParameter: max_iter int = 10; pos_xy_std float*; pos_w float*; bi_xy_std float*; bi_rgb_std float*; bi_w float*;
    output_probability bool = true
DenseImageDataParameter: source text; batch_size int = 1; rand_skip int = 0; shuffle bool = false; new_height int = 0;
    new_width int = 0; is_color bool = true; label_divide_factor int = 1; crop_height int = 0; crop_width int = 0;
    root_folder text; mirror bool = false
DetectionEvaluateParameter: num_classes int; background_label_id int = 0; overlap_threshold float = 0.5;
    evaluate_difficult_gt bool = true; name_size_file text; resize_param ResizeParameter
DetectionLossParameter: side int = 7; num_class int = 20; num_object int = 2; object_scale float = 1; noobject_scale
    float = 0.5; class_scale float = 1; coord_scale float = 5; sqrt bool = true; constriant bool = false
DetectionOutputParameter: num_classes int; share_location bool = true; background_label_id int = 0; nms_param
    NonMaximumSuppressionParameter; save_output_param SaveOutputParameter; code_type PriorBoxParameter.CodeType =
    CORNER; variance_encoded_in_target bool = false; keep_top_k int = -1; confidence_threshold float; visualize bool;
    visualize_threshold float; save_file text
DistortionParameter: brightness_prob float = 0; brightness_delta float = 0; contrast_prob float = 0; contrast_lower
    float = 0; contrast_upper float = 0; hue_prob float = 0; hue_delta float = 0; saturation_prob float = 0;
    saturation_lower float = 0; saturation_upper float = 0; random_order_prob float = 0
DownsampleParameter: top_height int = 0; top_width int = 0
DiceCoefLossParameter: smooth float = 1
DropoutParameter: scale_train bool = true; sample_weights_test bool = false
EltwiseAccuracyParameter: top_k int = 1; ignore_label int; use_label int
EmitConstraint: emit_type enum(CENTER=0 MIN_OVERLAP=1) = CENTER; emit_overlap float = 0
EvalDetectionParameter: side int = 7; num_class int = 20; num_object int = 2; threshold float = 0.5; sqrt bool = true;
    constriant bool = true; score_type enum(OBJ=0 PROB=1 MULTIPLY=2) = MULTIPLY; nms float = -1; biases float*
ExpansionParameter: max_expand_ratio float = 1; prob float = 1
FeatureNormParameter: normalize_type text = L2; fix_gradient bool = false; bp_norm bool = false
FlipParameter: flip_width bool = true; flip_height bool = false
FlowWarpParameter: fill_value enum(ZERO=1 NOT_A_NUMBER=2) = ZERO
FocalLossParameter: type enum(ORIGIN=0 LINEAR=1) = ORIGIN; gamma float = 2; alpha float = 0.25; beta float = 1
HardSigmoidParameter: alpha float = 0.2; beta float = 0.5
HashingLossParameter: bi_margin float = 1; tradeoff float = 0.01; nsim int = 1
ImageDataParameter: ignore_label int = 255; label_type enum(NONE=0 IMAGE=1 PIXEL=2) = IMAGE; has_label bool = true;
    max_labels int = 1
InnerProductParameter: normalize bool = false
InterpParameter: height int = 0; width int = 0; zoom_factor int = 1; shrink_factor int = 1; pad_beg int = 0; pad_end int
    = 0; use_blob_size bool = false
L1LossParameter: l2_per_location bool = false; l2_prescale_by_channels bool = false; normalize_by_num_entries bool =
    false; epsilon float = 1e-2; plateau float = 0
LSTMParameter: num_output int; clipping_threshold float = 0; weight_filler FillerParameter; bias_filler FillerParameter;
    batch_size int = 1
LabelMap: item LabelMapItem*
LabelMapItem: name text; label int; display_name text
LabelsequenceAccuracyParameter: blank_label int = 0
LabelSpecificAddParameter: bias float = 0; transform_test bool = false; bias_base float = 0; bias_gamma float = 0;
    bias_power float = 1; bias_min float = 0; bias_max float = 0; iteration int = 0
LargeMarginInnerProductParameter: num_output int; type enum(SINGLE=0 DOUBLE=1 TRIPLE=2 QUADRUPLE=3) = SINGLE;
    weight_filler FillerParameter; axis int = 1; base float = 1; gamma float = 0; power float = 1; iteration int = 0;
    lambda_min float = 0
LossParameter: pre_fixed_normalizer float = 1; weight_by_label_freqs bool = false; class_weighting float*
LossParameter.NormalizationMode: PRE_FIXED
LpqLossParameter: l2_prescale_by_channels bool = false; normalize_by_num_entries bool = false; p_epsilon float = 0;
    q_epsilon float = 1e-2; pq_episode_starts_at_iter int*; p float*; q float*
MatWriteParameter: prefix text; source text; strip int = 0; period int = 1
MarginInnerProductParameter: num_output int; type enum(SINGLE=0 DOUBLE=1 TRIPLE=2 QUADRUPLE=3) = SINGLE; weight_filler
    FillerParameter; axis int = 1; base float = 1; gamma float = 0; power float = 1; iteration int = 0; lambda_min float
    = 0
MeanParameter: operation enum(ADD=1 SUBTRACT=4); file text; value float*; mean_scale float = 1; input_scale float = 1;
    output_scale float = 1
MultiBoxLossParameter: loc_loss_type enum(L2=0 SMOOTH_L1=1) = SMOOTH_L1; conf_loss_type enum(SOFTMAX=0 LOGISTIC=1) =
    SOFTMAX; loc_weight float = 1; num_classes int; share_location bool = true; match_type enum(BIPARTITE=0
    PER_PREDICTION=1) = PER_PREDICTION; overlap_threshold float = 0.5; use_prior_for_matching bool = true;
    background_label_id int = 0; use_difficult_gt bool = true; do_neg_mining bool; neg_pos_ratio float = 3; neg_overlap
    float = 0.5; code_type PriorBoxParameter.CodeType = CORNER; encode_variance_in_target bool = false;
    map_object_to_agnostic bool = false; ignore_cross_boundary_bbox bool = false; mining_type enum(NONE=0
    MAX_NEGATIVE=1) = MAX_NEGATIVE
MultiStageMeanfieldParameter: compatibility_mode enum(POTTS=0) = POTTS; threshold float; theta_alpha float; theta_beta
    float; theta_gamma float; num_iterations int; spatial_filter_weight float = 1; bilateral_filter_weight float = 1;
    spatial_filter_weights_str text; bilateral_filter_weights_str text; force_cpu bool = false
NonMaximumSuppressionParameter: nms_threshold float = 0.3; top_k int; eta float = 1
NormalizeParameter: across_spatial bool = true; scale_filler FillerParameter; channel_shared bool = true; eps float =
    1e-10
NormalizedBBox: xmin float; ymin float; xmax float; ymax float; label int; difficult bool; score float; size float
PSROIPoolingParameter: spatial_scale float; output_dim int; group_size int
PaddingParameter: pad_beg int = 0; pad_end int = 0
PermuteParameter: order int*
Pooling3DParameter: pool enum(MAX=0 AVE=1) = MAX; kernel_size int; kernel_h int; kernel_w int; stride int = 1; stride_h
    int; stride_w int; pad int = 0; pad_h int; pad_w int; global_pooling bool = false; kernel_depth int; temporal_stride
    int = 1; temporal_pad int = 0; kernel_l int; stride_l int = 1; pad_l int = 0
PoolingNDParameter: pool enum(MAX=0 AVE=1) = MAX; kernel_size int*; stride int*; pad int*; kernel_h int; kernel_w int;
    stride_h int; stride_w int; pad_h int; pad_w int; global_pooling bool = false; engine enum(DEFAULT=0 CAFFE=1
    CUDNN=2) = DEFAULT
PoolingParameter: ceil_mode bool = true; kernel_shape BlobShape; stride_shape BlobShape; pad_shape BlobShape;
    kernel_depth int; temporal_stride int = 1; temporal_pad int = 0; kernel_l int; stride_l int = 1; pad_l int = 0
PriorBoxParameter: width float*; height float*; fixed_size float*; fixed_ratio float*; density float*; min_size float*;
    max_size float*; aspect_ratio float*; flip bool = true; clip bool = false; variance float*; img_size int; img_h int;
    img_w int; step float; step_h float; step_w float; offset float = 0.5; code_type enum(CORNER=1 CENTER_SIZE=2
    CORNER_SIZE=3) = CORNER
ProposalParameter: feat_stride int = 16; base_size int = 16; min_size int = 16; ratio float*; scale float*; pre_nms_topn
    int = 6000; post_nms_topn int = 300; nms_thresh float = 0.7
QuantizationParameter: precision enum(DYNAMIC_FIXED_POINT=0 MINIFLOAT=1 INTEGER_POWER_OF_2_WEIGHTS=2) =
    DYNAMIC_FIXED_POINT; rounding_scheme enum(NEAREST=0 STOCHASTIC=1) = NEAREST; bw_layer_in int = 32; bw_layer_out int
    = 32; bw_params int = 32; fl_layer_in int = 16; fl_layer_out int = 16; fl_params int = 16; mant_bits int = 23;
    exp_bits int = 8; exp_min int = -8; exp_max int = -1
ROIPoolingParameter: pooled_h int = 0; pooled_w int = 0; spatial_scale float = 1
RandomGeneratorParameter: rand_type text = uniform; exp bool = false; mean float = 0; spread float = 0; prob float = 1;
    apply_schedule bool = true; discretize bool = false; multiplier float = 1
ReLU6Parameter: negative_slope float = 0
RegionLossParameter: side int = 13; num_class int = 20; num_classes int = 20; bias_match int = 1; coords int = 4; num
    int = 5; softmax bool = true; jitter float = 0.2; rescore int = 1; object_scale float = 1; class_scale float = 1;
    noobject_scale float = 0.5; coord_scale float = 5; absolute int = 1; thresh float = 0.2; threshold float = 0.2;
    random int = 1; biases float*; softmax_tree text; class_map text; batch int = 1
RegionParameter: classes int = 20; num_classes int = 20; coords int = 4; num int = 5; side int = 13; boxes_of_each_grid
    int = 5; softmax bool = false; anchors text*; biases float*; log int = 0; sqrt int = 0; background int = 0; max int
    = 30; jitter float = 0.2; rescore int = 0; thresh float = 0.5; classfix int = 0; absolute int = 0; random float = 0;
    coord_scale float = 1; object_scale float = 1; noobject_scale float = 1; mask_scale float = 1; class_scale float =
    1; bias_match int = 1; nms_thresh float = 0.3; tree_thresh float = 0.5; relative int = 1; box_thresh float = 0.24
ReorgParameter: stride int; reverse bool = false
ResampleParameter: antialias bool = true; width int = 0; height int = 0; type enum(NEAREST=1 LINEAR=2 CUBIC=3 AREA=4) =
    LINEAR; factor float = 1
ResizeParameter: prob float = 1; resize_mode enum(WARP=1 FIT_SMALL_SIZE=2 FIT_LARGE_SIZE_AND_PAD=3) = WARP; height int =
    0; width int = 0; height_scale int = 0; width_scale int = 0; pad_mode enum(CONSTANT=1 MIRRORED=2 REPEAT_NEAREST=3) =
    CONSTANT; pad_value float*; interp_mode enum(LINEAR=1 AREA=2 NEAREST=3 CUBIC=4 LANCZOS4=5)*
ReverseParameter: axis int = 0
ReverseTimeParameter: copy_remaining bool = false
SELUDropoutParameter: dropout_ratio float = 0.1; alpha float = -1.75809934
SELUParameter: lambda float = 1.050700987; alpha float = 1.67326324
SampleConstraint: min_jaccard_overlap float; max_jaccard_overlap float; min_sample_coverage float; max_sample_coverage
    float; min_object_coverage float; max_object_coverage float
Sampler: min_scale float = 1; max_scale float = 1; min_aspect_ratio float = 1; max_aspect_ratio float = 1
SaveOutputParameter: output_directory text; output_name_prefix text; output_format text; label_map_file text;
    name_size_file text; num_test_image int
SegAccuracyParameter: metric enum(PixelAccuracy=0 ClassAccuracy=1 PixelIOU=2) = PixelAccuracy; ignore_label int*; reset
    bool = true
SegDataParameter: source text; root_dir text; shuffle bool; balance bool = false; batch_size int; scale float = 1;
    mean_value float*; new_height int = 0; new_width int = 0; crop_size int = 0; stride int; num_class int;
    image_root_folder text; label_root_folder text; mirror bool = false
SegmentationEvaluateParameter: num_classes int; threshold float = 0.5
ShuffleChannelParameter: group int = 1
SmoothL1LossParameter: sigma float = 1
SoftmaxLossParameter: weight_source text; ignore_label int*
SpatialTransformerParameter: transform_type text = affine; sampler_type text = bilinear; output_H int; output_W int;
    to_compute_dU bool = true; theta_1_1 float; theta_1_2 float; theta_1_3 float; theta_2_1 float; theta_2_2 float;
    theta_2_3 float
TransformationParameter: resize_param ResizeParameter; distort_param DistortionParameter; expand_param
    ExpansionParameter; emit_constraint EmitConstraint; crop_height int; crop_width int; fix_crop bool = false;
    more_fix_crop bool = false; multi_scale bool = false; scale_ratios float*; scale_factors float*; max_distort int =
    1; is_flow bool = false; original_image bool = false; stride int = 1; upper_size int; upper_height int; upper_width
    int; ignore_label int; rand_rotate float*; gaussian_blur bool = false
TransposeParameter: dim int*
TripletLossParameter: margin float = 1
UnpoolingParameter: unpool enum(MAX=0 AVE=1 TILE=2) = MAX; kernel_size int; stride int = 1; pad int = 0; kernel_h int;
    kernel_w int; stride_h int; stride_w int; pad_h int = 0; pad_w int = 0; unpool_size int; unpool_h int; unpool_w int;
    out_stride int; out_kernel_size int
UpsampleParameter: scale int = 2; scale_h int; scale_w int; pad_out_h bool = false; pad_out_w bool = false; upsample_h
    int; upsample_w int
VideoDataParameter: source text; batch_size int = 1; video_type enum(WEBCAM=0 VIDEO=1) = WEBCAM; device_id int = 0;
    video_file text; skip_frames int = 0; new_length int = 1; new_height int = 0; new_width int = 0; shuffle bool =
    false; rand_skip int = 0; root_folder text; num_segments int = 1; modality enum(RGB=0 FLOW=1) = RGB;
    name_pattern text
YoloDetectionOutputParameter: side int = 13; num_classes int = 20; num_box int = 5; coords int = 4; confidence_threshold
    float = 0.01; nms_threshold float = 0.45; biases float*; label_map_file text
YoloSegParameter: num_class int = 0; object_scale float = 5; class_scale float = 1; use_logic_gradient bool = false;
    use_hardsigmoid bool = false
Yolov3DetectionOutputParameter: num_classes int = 20; num_box int = 3; confidence_threshold float = 0.01; nms_threshold
    float = 0.45; biases float*; anchors_scale int*; mask_group_num int = 2; mask int*
Yolov3Parameter: side int = 13; num_class int = 20; num int = 5; object_scale float = 1; class_scale float = 1;
    noobject_scale float = 0.5; coord_scale float = 5; thresh float = 0.2; anchors_scale int = 32; biases float*; mask
    int*; use_logic_gradient bool = false; use_focal_loss bool = false; iou_loss enum(IOU=0 GIOU=1 MSE=2 DIOU=3 CIOU=4)
    = MSE; iou_normalizer float = 0.25; iou_thresh float = 0.5; max_delta float = 10; accumulate bool = true;
    label_smooth_eps float = 0.1
"""
)
