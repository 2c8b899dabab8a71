//! Loops over slices, compiled for the vectors that the processor has.

/// Defines functions of slices of a [`Float`](crate::Float), each a second time for AVX2. No
/// operation is fused or reordered in either, so that the bits are equal.
macro_rules! wide {
    ($($(#[$attribute:meta])*
    $visible:vis fn $name:ident<T: Float>($($argument:ident: $type:ty),* $(,)?) $(-> $output:ty)? $body:block)+) => {
        $($(#[$attribute])*
        $visible fn $name<T: Float>($($argument: $type),*) $(-> $output)? {
            #[inline(always)]
            fn plain<T: Float>($($argument: $type),*) $(-> $output)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2<T: Float>($($argument: $type),*) $(-> $output)? {
                    plain($($argument),*)
                }
                if is_x86_feature_detected!("avx2") {
                    // Safety: the processor has been asked.
                    return unsafe { avx2($($argument),*) };
                }
            }
            plain($($argument),*)
        })+
    };
}
pub(crate) use wide;
