// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>Parts of a device's BARs that are lent to other devices, taken back while transfers are under way, and given out again.</summary>
/// <param name="Exporter">The endpoint whose BARs they are.</param>
/// <param name="Importers">The GPUs that transfer into and out of them.</param>
/// <param name="Buffers">What is lent.</param>
/// <param name="InFlight">Transfers of each importer under way when the memory is taken back.</param>
public sealed record SlicesSpec(string Exporter, IReadOnlyList<string> Importers, IReadOnlyList<SliceBufferSpec> Buffers, int InFlight);
