"""Names that Python or PyTorch own, so that a submodule cannot bear them: keywords, attributes of a CaffeModule.

Written out, not asked of torch, because keys of weights files must not depend on the torch that is installed; a test
compares the list with it.
"""

from typing import Final

RESERVED: Final = frozenset(
    """
    False None T_destination True __annotations__ __call__ __class__ __copy__ __deepcopy__ __delattr__ __dict__ __dir__
    __doc__ __eq__ __format__ __ge__ __getattr__ __getattribute__ __getstate__ __gt__ __hash__ __init__
    __init_subclass__ __jit_unused_properties__ __le__ __lt__ __module__ __ne__ __new__ __reduce__ __reduce_ex__
    __reduce_package__ __repr__ __setattr__ __setstate__ __sizeof__ __str__ __subclasshook__ __weakref__ _apply
    _arguments _at_layer _backward_hooks _backward_pre_hooks _blob _boxed_call _buffers _call_impl _code
    _compiled_call_impl _create_node_hooks _deepcopy_hooks _deepcopy_init _erase_node_hooks _explained _forward_hooks
    _forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs
    _get_backward_hooks _get_backward_pre_hooks _get_name _graph _held _is_full_backward_hook _layer _lineno_map
    _load_from_state_dict _load_state_dict_post_hooks _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook
    _modules _named_members _non_persistent_buffers_set _parameters _prologue_start _recompile_submodules
    _register_create_node_hook _register_deepcopy_hook _register_erase_node_hook _register_load_state_dict_pre_hook
    _register_replace_node_hook _register_state_dict_hook _replace_hooks _replicate_for_data_parallel
    _save_to_state_dict _set_replace_hook _slow_forward _state_dict_hooks _state_dict_pre_hooks _tensors _tracer_cls
    _tracer_extras _unregister_create_node_hook _unregister_deepcopy_hook _unregister_erase_node_hook
    _unregister_replace_node_hook _version _wrapped_call _wrapped_call_impl add_module add_submodule adopt and apply as
    assert async await bfloat16 blob_parameter blobs break buffers call_super_init children class code compile continue
    cpu cuda def del delete_all_unused_submodules delete_submodule double dump_patches elif else eval except extra_repr
    facts features finally float for forward from from_pretrained get_buffer get_extra_state get_parameter get_submodule
    global graph half if import in inputs ipu is lambda load_state_dict loss loss_weights meta modules mtia
    named_buffers named_children named_modules named_parameters nonlocal not note_later notes of or outputs parameters
    pass plan print_readable push_to_hub raise recompile register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook remember requires_grad_ return save_pretrained self
    set_blobs set_extra_state set_submodule shape_env share_memory state_dict to to_empty to_folder train training
    transform try type while with xpu yield zero_grad
    """.split()  # noqa: SIM905 - one word a line would hide the list
)
