// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>What crossed one direction of one link.</summary>
/// <param name="From">The sending end.</param>
/// <param name="To">The receiving end.</param>
/// <param name="Bytes">Payload bytes.</param>
/// <param name="ControlBytes">Queue entries, lists, registers and messages.</param>
/// <param name="Utilization">Busy time over the route's estimated time, 0 to 1.</param>
public sealed record LinkBytes(string From, string To, ulong Bytes, ulong ControlBytes, double Utilization);
