// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Protocol;

namespace Physr.Paging.Client;

/// <summary>Writes what a request says behind its sequence number.</summary>
internal delegate void MessageBody(ref MessageWriter writer);
