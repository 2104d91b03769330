// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>A page that a GPU could not reach: all records of it that lay on the fault ring together.</summary>
/// <param name="Context">The address space.</param>
/// <param name="Page">The page's virtual address, a multiple of 4 KiB.</param>
/// <param name="Access">The most demanding of the accesses.</param>
/// <param name="Reason">Why that one was refused when it was.</param>
/// <param name="Records">How many records there were.</param>
public readonly record struct GpuFault(GpuContext Context, VirtualAddress Page, GpuAccess Access, GpuFaultReason Reason, int Records);
