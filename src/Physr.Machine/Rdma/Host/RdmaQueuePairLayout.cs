// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Host;

/// <summary>The rings and queues of a queue pair.</summary>
internal sealed record RdmaQueuePairLayout(RdmaCompletionQueue Send, RdmaCompletionQueue Receive, int SendLog2, int ReceiveLog2);
