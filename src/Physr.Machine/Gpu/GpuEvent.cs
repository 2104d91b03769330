// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu;

/// <summary>Which unit of the GPU an event is for. The copy engine's come first.</summary>
internal static class GpuEvent
{
    public const int FirstMmu = 8;
    public const int FirstCompute = 16;
}
