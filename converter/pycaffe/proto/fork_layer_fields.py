"""Messages that forks add to a layer, in the form of `converter.pycaffe.proto.fork_fields`."""

LAYER_FIELDS = """
LayerParameter: affine_mat_conversion_param AffineMatConversionParameter; affine_transform_param
    AffineTransformParameter; channel_scale_param ChannelScaleParameter; combined_margin_param CombinedMarginParameter;
    cosin_add_m_param CosinAddmParameter; flip_param FlipParameter; focal_loss_param FocalLossParameter;
    accum_param AccumParameter; annotated_data_param
    AnnotatedDataParameter; augmentation_param AugmentationParameter; bn_param BNParameter; box_annotator_ohem_param
    BoxAnnotatorOHEMParameter; center_loss_param CenterLossParameter; cpm_transform_param CPMTransformationParameter;
    coeff_schedule_param CoeffScheduleParameter; correlation_param CorrelationParameter; crelu_param CReLUParameter;
    crop_center_param CropCenterParameter; ctc_decoder_param CTCDecoderParameter; ctc_loss_param CTCLossParameter;
    dense_crf_param DenseCRFParameter; deformable_convolution_param
    DeformableConvolutionParameter; dice_coef_loss_param DiceCoefLossParameter; dense_image_data_param
    DenseImageDataParameter; detection_evaluate_param DetectionEvaluateParameter; detection_output_param
    DetectionOutputParameter; downsample_param DownsampleParameter; eltwise_accuracy_param EltwiseAccuracyParameter;
    detection_loss_param DetectionLossParameter;
    eval_detection_param EvalDetectionParameter; flow_warp_param FlowWarpParameter; hard_sigmoid_param
    HardSigmoidParameter; hardsigmoid_param HardSigmoidParameter; hashing_loss_param HashingLossParameter; interp_param
    InterpParameter; l1_loss_param L1LossParameter; label_specific_add_param LabelSpecificAddParameter;
    largemargin_inner_product_param LargeMarginInnerProductParameter; margin_inner_product_param
    MarginInnerProductParameter; lpq_loss_param LpqLossParameter; lstm_param LSTMParameter; mean_param MeanParameter;
    multi_stage_meanfield_param MultiStageMeanfieldParameter; multibox_loss_param MultiBoxLossParameter; norm_param
    NormalizeParameter; normalize_param FeatureNormParameter; permute_param PermuteParameter; prior_box_param
    PriorBoxParameter; proposal_param ProposalParameter; psroi_pooling_param PSROIPoolingParameter; quantization_param
    QuantizationParameter; region_loss_param RegionLossParameter; region_param RegionParameter; relu6_param
    ReLU6Parameter; reorg_param ReorgParameter; resample_param ResampleParameter; reverse_param ReverseParameter;
    reverse_time_param ReverseTimeParameter; roi_pooling_param ROIPoolingParameter; padding_param PaddingParameter;
    softmaxloss_param SoftmaxLossParameter; strict_dim bool = true; seg_accuracy_param SegAccuracyParameter;
    seg_data_param SegDataParameter; mat_write_param MatWriteParameter; continuation_indicator_param
    ContinuationIndicatorParameter; labelsequence_accuracy_param LabelsequenceAccuracyParameter; pooling3d_param
    Pooling3DParameter; pooling_nd_param PoolingNDParameter; convolution3d_param Convolution3DParameter;
    segmentation_evaluate_param SegmentationEvaluateParameter; selu_dropout_param SELUDropoutParameter; selu_param
    SELUParameter; shuffle_channel_param ShuffleChannelParameter; smooth_l1_loss_param SmoothL1LossParameter; st_param
    SpatialTransformerParameter; transpose_param TransposeParameter; triplet_loss_param TripletLossParameter;
    unpooling_param UnpoolingParameter; upsample_param UpsampleParameter; video_data_param VideoDataParameter;
    yolo_detection_output_param YoloDetectionOutputParameter; yolo_seg_param YoloSegParameter;
    yolov3_detection_output_param Yolov3DetectionOutputParameter; yolov3_param Yolov3Parameter"""
