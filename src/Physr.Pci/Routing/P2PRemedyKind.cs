// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>What would have to be done.</summary>
public enum P2PRemedyKind
{
    /// <summary>Boot with <c>pci=disable_acs_redir=</c>.</summary>
    DisableAcsRedirect,

    /// <summary>Boot with <c>pci=config_acs=</c> (6.11 and later), which touches the named bits only.</summary>
    ConfigAcs,

    /// <summary>Write the registers of the running host.</summary>
    SetPci,

    /// <summary>What is lost by switching redirection off: isolation.</summary>
    IsolationLoss,

    /// <summary>Put both below one switch.</summary>
    MoveBelowOneSwitch,

    /// <summary>Run a later kernel.</summary>
    NewerKernel,

    /// <summary>Have the host bridge listed, or use a listed one.</summary>
    ListHostBridge,

    /// <summary>Read the configuration space as root.</summary>
    ReadAsRoot,
}
