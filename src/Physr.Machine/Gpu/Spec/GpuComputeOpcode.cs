// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>What a compute command asks for. All addresses are virtual ones of the command's context; words are 64 bits, little-endian, at multiples of 8.</summary>
public enum GpuComputeOpcode : byte
{
    /// <summary>Not a command.</summary>
    Invalid = 0,

    /// <summary>Each word w of [Address, Address + Length) becomes <c>GpuMix.Mix(w, Value)</c>.</summary>
    Transform = 1,

    /// <summary>Writes Value to each word of [Address, Address + Length).</summary>
    Fill = 2,

    /// <summary>Copies [Other, Other + Length) to [Address, Address + Length), of any alignment; the two may not overlap.</summary>
    Copy = 3,

    /// <summary>Adds the words of [Address, Address + Length), modulo 2^64, and writes the sum to the word at Other.</summary>
    ReduceSum = 4,

    /// <summary>Combines the words of [Address, Address + Length) by exclusive or, and writes the outcome to the word at Other.</summary>
    ReduceXor = 5,

    /// <summary>Adds Value to the words at Address + i * Stride for i from 0 to Length - 1, each as one atomic step; Stride is a multiple of 8 and may be 0. The
    /// completion's result is the word at Address before the first addition when there is one lane.</summary>
    AtomicAdd = 6,

    /// <summary>Follows the list whose first node is at Address until a next of 0, through Length nodes at most. A node is {next: virtual address, key, payload: Stride
    /// words}. Each payload word w becomes <c>GpuMix.Mix(w, Value ^ key)</c>. The result is the checksum of <see cref="GpuMix"/>.</summary>
    WalkList = 7,
}
